#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "ranklens/nn/network.h"
#include "ranklens/study/experiment.h"
#include "ranklens/study/training/split.h"
#include "ranklens/train/fit.h"

namespace ranklens::study {

/// A part of a training, with an optimiser and a length of its own.
struct Phase {
  std::string name = "training";
  std::string from = {};  ///< the phase whose network it begins with; "": the one before
  /// What becomes of that network first (pruned, say); none: nothing.
  std::function<nn::Network(const nn::Network&)> before = {};
  /// Seed, folder, stage and progress are the trial's.
  train::FitOptions fit = {};
};

/// One network of an experiment: a form of it ("arm") from one seed.
struct Trial {
  std::string arm = {};
  std::uint64_t seed = 0;
  std::function<nn::Network()> network = {};  ///< fresh
  std::vector<Phase> phases = {};
  /// Whether the test images are looked at after every epoch, too, for curves; nothing is chosen by
  /// them.
  bool follow_test = false;
  /// Whether it is run; otherwise it is only told of.
  bool asked = true;
  /// Trains in a way of its own instead, and describes it as run() does; none: by the phases.
  std::function<nlohmann::json(const TrialData& data, const Experiment::Work& work)> make = {};
};

/// "ARM-sSEED".
std::string name_of(const Trial& trial);

/// Trains phase after phase, each from the network that the validation images chose in the one
/// before (the last, where there are none), and describes what came out:
///   {"phases": [{"name", "history": [EpochMetrics...], "best_epoch", "test": {"accuracy", "loss"},
///                "weights": {"stored", "dense"}, "ranks": {NAME: rank}, "seconds"}]}
/// ("before": as "test", of the network that a phase began with, where something was done to it)
/// and "diverged": when, where a phase did; the phases after it are missing. Null where it was
/// interrupted: training goes on from its checkpoint next time.
nlohmann::json run(const Trial& trial, const TrialData& data, const Experiment::Work& work);

/// A result's phase by name; null where it is not there.
nlohmann::json phase_of(const nlohmann::json& result, const std::string& name = "training");

}  // namespace ranklens::study
