#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/study/training/reproductions.h"

/// Results that nobody trained for.
namespace ranklens::report::trial_results {

/// A phase whose test images were followed: `followed[k]` after k + 1 epochs.
inline nlohmann::json phase_result(double accuracy, double saved, const std::string& phase,
                                   const std::vector<double>& followed = {0.1, 0.2}) {
  nlohmann::json history = nlohmann::json::array();
  for (std::size_t k = 0; k < followed.size(); ++k) {
    history.push_back({{"epoch", k + 1},
                       {"steps", k + 1},
                       {"loss", 1.0 / static_cast<double>(k + 1)},
                       {"accuracy", 0.5},
                       {"validation_loss", 1.0},
                       {"validation_accuracy", 0.6},
                       {"rate", 1.0},
                       {"seconds", 2.0},
                       {"images_per_second", 10.0},
                       {"observed", {{"test_accuracy", followed[k]}}}});
  }
  return {{"name", phase},
          {"history", history},
          {"best_epoch", followed.size()},
          {"test", {{"accuracy", accuracy}, {"loss", 0.1}}},
          {"weights", {{"stored", std::lround(1000 * (1 - saved))}, {"dense", 1000}}},
          {"ranks", {{"conv1.weight", 4}, {"head.weight", 7}}},
          {"seconds", 4.0}};
}

inline nlohmann::json result_of(double accuracy, double saved) {
  return {{"phases", nlohmann::json::array({phase_result(accuracy, saved, "training")})}};
}

inline nlohmann::json diverged() {
  return {{"phases", nlohmann::json::array()}, {"diverged", "at step 3"}};
}

struct MadeUp {
  study::reproductions::Reproduction reproduction = {};
  study::ExperimentResults results = {};

  void add(const std::string& arm, std::uint64_t seed, nlohmann::json result) {
    reproduction.trials.trials.push_back({.arm = arm, .seed = seed});
    const auto name = fmt::format("{}-s{}", arm, seed);
    results.cells[name] = std::move(result);
    results.seconds[name] = 3;
  }
};

}  // namespace ranklens::report::trial_results
