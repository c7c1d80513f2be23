#include "ranklens/train/metrics.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "ranklens/base/json_number.h"

namespace ranklens::train {

using base::number_or_nan;
using base::number_or_null;

double seconds_of(const EpochMetrics& metrics, Clock clock) {
  return clock == Clock::processor ? metrics.processor_seconds : metrics.seconds;
}

bool has_processor_seconds(const std::vector<EpochMetrics>& history) {
  return std::all_of(history.begin(), history.end(),
                     [](const EpochMetrics& one) { return one.processor_seconds > 0; });
}

nlohmann::json to_json(const EpochMetrics& metrics) {
  nlohmann::json json{{"epoch", metrics.epoch},
                      {"steps", metrics.steps},
                      {"loss", number_or_null(metrics.loss)},
                      {"accuracy", number_or_null(metrics.accuracy)},
                      {"validation_loss", number_or_null(metrics.validation_loss)},
                      {"validation_accuracy", number_or_null(metrics.validation_accuracy)},
                      {"rate", number_or_null(metrics.rate)},
                      {"seconds", number_or_null(metrics.seconds)},
                      {"processor_seconds", number_or_null(metrics.processor_seconds)},
                      {"validation_seconds", number_or_null(metrics.validation_seconds)},
                      {"images_per_second", number_or_null(metrics.images_per_second)}};
  if (!metrics.observed.empty()) json["observed"] = metrics.observed;
  return json;
}

EpochMetrics read_metrics(const nlohmann::json& json) {
  return {.epoch = json.at("epoch").get<std::int64_t>(),
          .steps = json.at("steps").get<std::int64_t>(),
          .loss = number_or_nan(json.at("loss")),
          .accuracy = number_or_nan(json.at("accuracy")),
          .validation_loss = number_or_nan(json.at("validation_loss")),
          .validation_accuracy = number_or_nan(json.at("validation_accuracy")),
          .rate = number_or_nan(json.at("rate")),
          .seconds = number_or_nan(json.at("seconds")),
          // These two were not measured by earlier versions.
          .processor_seconds = number_or_nan(json.value("processor_seconds", nlohmann::json(0))),
          .validation_seconds = json.value("validation_seconds", 0.0),
          .images_per_second = number_or_nan(json.at("images_per_second")),
          .observed = json.value("observed", std::map<std::string, double>())};
}

std::string json_lines(const std::vector<EpochMetrics>& history) {
  std::string lines;
  for (const auto& one : history) lines += to_json(one).dump() + "\n";
  return lines;
}

}  // namespace ranklens::train
