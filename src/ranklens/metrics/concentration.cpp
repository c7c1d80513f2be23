#include "ranklens/metrics/concentration.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ranklens/base/error.h"

namespace ranklens::metrics {
namespace {

void refuse_raw(Sign sign) {
  base::require(sign != Sign::raw,
                "measures of concentration need the positive or the absolute values of a map");
}

double gini_of(const MapView& map) {
  auto mass = as_distribution(map.values);
  std::sort(mass.begin(), mass.end());
  const auto n = static_cast<double>(mass.size());
  double sum = 0;
  for (std::size_t i = 0; i < mass.size(); ++i) {
    sum += (2 * static_cast<double>(i + 1) - n - 1) * mass[i];
  }
  return std::max(0.0, sum / n);  // rounding may leave a constant map at -1e-17
}

double entropy_of(const MapView& map) {
  double sum = 0;
  for (const double p : as_distribution(map.values)) sum -= p > 0 ? p * std::log(p) : 0;
  return std::max(0.0, sum);
}

// Sum of squared distances to the centre, weighted by mass.
double second_moment(const MapView& map) {
  const auto mass = as_distribution(map.values);
  double mean_y = 0;
  double mean_x = 0;
  for (std::size_t i = 0; i < mass.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const std::int64_t row = index / map.width, column = index % map.width;
    mean_y += mass[i] * static_cast<double>(row);
    mean_x += mass[i] * static_cast<double>(column);
  }
  double moment = 0;
  for (std::size_t i = 0; i < mass.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const std::int64_t row = index / map.width, column = index % map.width;
    const double y = static_cast<double>(row) - mean_y;
    const double x = static_cast<double>(column) - mean_x;
    moment += mass[i] * (y * y + x * x);
  }
  return moment;
}

// The same of the constant map: (n^2 - 1) / 12 an axis.
double uniform_moment(std::int64_t height, std::int64_t width) {
  const auto h = static_cast<double>(height);
  const auto w = static_cast<double>(width);
  return (h * h + w * w - 2) / 12;
}

}  // namespace

at::Tensor gini(const at::Tensor& maps, Sign sign) {
  refuse_raw(sign);
  return per_map(maps, sign, gini_of);
}

at::Tensor entropy(const at::Tensor& maps, Sign sign) {
  refuse_raw(sign);
  return per_map(maps, sign, entropy_of);
}

at::Tensor normalised_entropy(const at::Tensor& maps, Sign sign) {
  refuse_raw(sign);
  return per_map(maps, sign, [](const MapView& map) {
    const auto n = static_cast<double>(map.values.size());
    return n == 1 ? 1.0 : entropy_of(map) / std::log(n);
  });
}

at::Tensor effective_complexity(const at::Tensor& maps, const EffectiveComplexity& options) {
  refuse_raw(options.sign);
  base::require(options.threshold >= 0 && options.threshold < 1,
                "the threshold of effective complexity must lie in [0, 1), got {}",
                options.threshold);
  return per_map(maps, options.sign, [&](const MapView& map) {
    const double peak = *std::max_element(map.values.begin(), map.values.end());
    if (peak == 0) return static_cast<double>(map.values.size());
    const auto counts = [&](double value) { return value / peak > options.threshold; };
    return static_cast<double>(std::count_if(map.values.begin(), map.values.end(), counts));
  });
}

at::Tensor spatial_spread(const at::Tensor& maps, SpreadUnit unit, Sign sign) {
  refuse_raw(sign);
  return per_map(maps, sign, [unit](const MapView& map) {
    const double pixels = std::sqrt(second_moment(map));
    if (unit == SpreadUnit::pixels) return pixels;
    const double uniform = std::sqrt(uniform_moment(map.height, map.width));
    return uniform == 0 ? 1.0 : pixels / uniform;
  });
}

}  // namespace ranklens::metrics
