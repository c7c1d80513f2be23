#pragma once

#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ranklens/study/experiment.h"
#include "ranklens/study/training/trial.h"

namespace ranklens::study {

/// A published experiment that is made of trainings: each trial is a cell.
struct Trials {
  std::string name;
  nlohmann::json settings = {};  ///< everything that results depend on but the trials' own recipes
  std::vector<Trial> trials = {};
  /// The images for the trials of a seed.
  std::function<TrialData(std::uint64_t seed)> data = {};
};

/// Its cells, in the order of the trials. The settings take in every trial's recipe, once an arm.
Experiment experiment(const Trials& trials);

}  // namespace ranklens::study
