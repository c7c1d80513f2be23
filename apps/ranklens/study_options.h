#pragma once

#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "ranklens/study/config.h"

#include "common.h"

namespace ranklens::app {

/// The flags that a study and a reproduction share; those not given leave the preset as it is.
struct StudyOptions {
  Common common;
  std::string preset;
  std::string data, arms, seeds, rates, optimiser, schedule, compute, methods, images, title, work;
  std::vector<std::string> recipes = {};
  std::vector<const CLI::Option*> lists = {};  ///< flags that may be left out but not be empty
  const CLI::Option* seed = nullptr;           ///< common.seed counts only where it was given
  std::int64_t rate_seeds = 0, epochs = 0, full_epochs = 0, width = 0, batch = 0, size = 0,
               crop = -1;
  double accuracy_margin = 0;
  double dropout = -1, clip_norm = -1;
  double speed_seconds = 2;  ///< study::RunOptions::speed_seconds
  std::string memory = "1G";
  bool grey = false, low_memory = false, flip = false;

  /// An Error for one of `lists` that was given nothing.
  void refuse_empty() const;
  /// The preset with the given flags applied.
  study::Config config() const;
};

void add_study_options(CLI::App& command, StudyOptions& options);

/// Runs the study, writes the page, CSV files and the manifest, prints verdicts and where the page
/// is. `command` is "study" or "reproduce". Throws SystemError when interrupted, and when every
/// training diverged (the page is there all the same).
void run_study(const StudyOptions& options, const std::string& command);

}  // namespace ranklens::app
