#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace ranklens::train {

/// What is known after an epoch. Losses are means over images, accuracies shares of them; the
/// training figures are taken while training, dropout and augmentation included.
struct EpochMetrics {
  std::int64_t epoch = 0;  ///< from 1
  std::int64_t steps = 0;  ///< in all
  double loss = 0;
  double accuracy = 0;
  double validation_loss = 0;  ///< NaN without validation images, as the next
  double validation_accuracy = 0;
  double rate = 1;     ///< FitOptions::rate times the schedule's factor at the last step
  double seconds = 0;  ///< spent on steps, by the clock
  /// The same of the processor, in all threads; 0, NaN: not measured (on another
  /// device, by an earlier version).
  double processor_seconds = 0;
  double validation_seconds = 0;
  double images_per_second = 0;
  /// What FitOptions::observe said of the network; empty where nobody observes.
  std::map<std::string, double> observed{};
};

/// By what a training's time is counted.
enum class Clock { wall, processor };
double seconds_of(const EpochMetrics& metrics, Clock clock);
/// Whether the processor's time was measured in every epoch.
bool has_processor_seconds(const std::vector<EpochMetrics>& history);

nlohmann::json to_json(const EpochMetrics& metrics);
EpochMetrics read_metrics(const nlohmann::json& json);
/// One line of JSON for each.
std::string json_lines(const std::vector<EpochMetrics>& history);

}  // namespace ranklens::train
