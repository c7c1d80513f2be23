#pragma once

#include <functional>
#include <map>
#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/experiment.h"

#include "common.h"

namespace ranklens::app {

/// A published experiment and what its folder gets besides cells.
struct ExperimentRun {
  study::Experiment experiment;
  std::function<report::ReportData(const study::ExperimentResults&, const std::string& command)>
      page;
  /// Further files beside the page, name to contents; may be empty.
  std::function<std::map<std::string, std::string>(const study::ExperimentResults&)> files = {};
  std::string work = {};  ///< where checkpoints go; "" for OUT/work
  std::string data_hash = {};
  bool partial = false;  ///< whether the page can be made of some of the cells
  /// How the training of a result failed; "" of one that did not.
  std::function<std::string(const nlohmann::json& result)> failure = {};
};

/// Makes the cells that the folder lacks, then the page, its tables and the manifest, and prints
/// the verdicts. A SystemError when interrupted: what is finished stays (and is on the page, where
/// that can be), the same command goes on; and where every training failed, once the page is there.
void run_experiment(const Common& common, const ExperimentRun& run);

}  // namespace ranklens::app
