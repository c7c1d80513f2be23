#include "ranklens/train/metrics.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace ranklens::train {
namespace {

// JSON has no NaN: a figure that does not exist is null.
nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

double read_number(const nlohmann::json& json, const char* key) {
  const auto& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

}  // namespace

nlohmann::json to_json(const EpochMetrics& metrics) {
  return {{"epoch", metrics.epoch},
          {"steps", metrics.steps},
          {"loss", number(metrics.loss)},
          {"accuracy", number(metrics.accuracy)},
          {"validation_loss", number(metrics.validation_loss)},
          {"validation_accuracy", number(metrics.validation_accuracy)},
          {"rate", number(metrics.rate)},
          {"seconds", number(metrics.seconds)},
          {"validation_seconds", number(metrics.validation_seconds)},
          {"images_per_second", number(metrics.images_per_second)}};
}

EpochMetrics read_metrics(const nlohmann::json& json) {
  return {.epoch = json.at("epoch").get<std::int64_t>(),
          .steps = json.at("steps").get<std::int64_t>(),
          .loss = read_number(json, "loss"),
          .accuracy = read_number(json, "accuracy"),
          .validation_loss = read_number(json, "validation_loss"),
          .validation_accuracy = read_number(json, "validation_accuracy"),
          .rate = read_number(json, "rate"),
          .seconds = read_number(json, "seconds"),
          // Not measured by earlier versions.
          .validation_seconds = json.value("validation_seconds", 0.0),
          .images_per_second = read_number(json, "images_per_second")};
}

std::string json_lines(const std::vector<EpochMetrics>& history) {
  std::string lines;
  for (const auto& one : history) lines += to_json(one).dump() + "\n";
  return lines;
}

}  // namespace ranklens::train
