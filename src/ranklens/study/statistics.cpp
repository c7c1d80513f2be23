#include "ranklens/study/statistics.h"

#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "ranklens/base/error.h"
#include "ranklens/study/student_t.h"

namespace ranklens::study {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

std::map<std::uint64_t, double> by_seed(std::span<const SeedValue> values) {
  std::map<std::uint64_t, double> sorted;
  for (const auto& [seed, value] : values) {
    base::require(sorted.emplace(seed, value).second, "seed {} is there twice", seed);
  }
  return sorted;
}

}  // namespace

Summary summarise(std::span<const double> values, double level) {
  base::require(!values.empty(), "there is nothing to summarise");
  base::require(level > 0 && level < 1, "the level of an interval must lie in (0, 1), got {}",
                level);
  for (const double value : values) {
    base::require(std::isfinite(value), "a value to summarise is not a finite number");
  }
  Summary summary{.count = static_cast<std::int64_t>(values.size()),
                  .mean = mean_of(values),
                  .deviation = deviation_of(values),
                  .level = level};
  const auto n = static_cast<double>(values.size());
  const double reach = values.size() == 1 ? std::numeric_limits<double>::infinity()
                                          : student_t_quantile((1 + level) / 2, n - 1) *
                                                summary.deviation / std::sqrt(n);
  summary.lower = summary.mean - reach;
  summary.upper = summary.mean + reach;
  return summary;
}

Summary summarise(std::span<const SeedValue> values, double level) {
  std::vector<double> plain;
  for (const auto& [seed, value] : by_seed(values)) plain.push_back(value);
  return summarise(plain, level);
}

PairedSamples pair_by_seed(std::span<const SeedValue> first, std::span<const SeedValue> second) {
  const auto left = by_seed(first);
  auto right = by_seed(second);
  PairedSamples samples;
  for (const auto& [seed, value] : left) {
    const auto match = right.find(seed);
    if (match == right.end()) {
      samples.unpaired.push_back(seed);
      continue;
    }
    samples.seeds.push_back(seed);
    samples.first_values.push_back(value);
    samples.second_values.push_back(match->second);
    right.erase(match);
  }
  for (const auto& [seed, value] : right) samples.unpaired.push_back(seed);
  return samples;
}

std::vector<double> differences(const PairedSamples& samples) {
  base::require(samples.first_values.size() == samples.second_values.size(),
                "paired samples need as many values of '{}' as of '{}'", samples.first,
                samples.second);
  std::vector<double> result(samples.first_values.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = samples.first_values[i] - samples.second_values[i];
  }
  return result;
}

double effect_size(const PairedSamples& samples) {
  const auto difference = differences(samples);
  if (difference.size() < 3) return 0;
  const double mean = mean_of(difference);
  if (mean == 0) return 0;
  const double half = static_cast<double>(difference.size() - 1) / 2;
  const double correction = std::exp(std::lgamma(half) - std::lgamma(half - 0.5)) / std::sqrt(half);
  return correction * mean / deviation_of(difference);
}

}  // namespace ranklens::study
