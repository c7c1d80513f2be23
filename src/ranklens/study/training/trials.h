#pragma once

#include <functional>
#include <string>
#include <vector>

#include <c10/core/Device.h>
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
  /// What people should know of the images.
  std::string images = {};
  at::Device device = at::kCPU;  ///< that networks are trained on; of provenance, not of settings
};

/// Asks for the trials of these arms and for no others; of none given nothing changes. An Error,
/// naming the nearest, for an arm that there is not.
void ask_for(Trials& trials, const std::vector<std::string>& arms);

/// Lets every network be trained on a device. An Error, but for the processor, where a trial that
/// is asked for trains in a way of its own.
void train_on(Trials& trials, at::Device device);

/// Asks for the trials, too, that have a result, so that pages tell of them.
void show_finished(Trials& trials, const ExperimentResults& results);

/// Cells of the trials that are asked for, in their order; of the others what is there is read. The
/// settings take in the recipe of every arm, asked for or not, so that more of them may follow.
Experiment experiment(const Trials& trials);

}  // namespace ranklens::study
