#pragma once

#include <string>

#include "ranklens/train/fit.h"

#include "data_options.h"
#include "model.h"

namespace ranklens::app {

struct TrainOptions {
  Common common;
  ModelOptions model;
  DataOptions data;
  bool no_validation = false;
  double hold_out =
      0;  ///< share of the training images that chooses the best epoch; 0: the test part
  train::FitOptions fit{.epochs = 12, .batch = 128};
  std::string best_by = "loss";
  std::string page;  ///< written at the end

  /// What fit() is told: the flags, and what follows from the common options.
  train::FitOptions fit_options() const;
};

/// Adds MODEL, the data and a flag for every field of FitOptions.
void add_train_options(CLI::App& command, TrainOptions& options);

/// The flags that decide what is trained, for the manifest.
Json configuration_of(const TrainOptions& options);

}  // namespace ranklens::app
