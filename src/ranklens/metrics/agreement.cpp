#include "ranklens/metrics/agreement.h"

#include <algorithm>
#include <cmath>

#include "ranklens/base/error.h"

namespace ranklens::metrics {
namespace {

bool constant(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
}

// Ranks 1..n, ties at their mean, less the mean rank.
std::vector<double> centred_ranks(std::span<const double> values) {
  const auto order = ascending(values);
  std::vector<double> ranks(values.size());
  const double middle = (static_cast<double>(values.size()) - 1) / 2;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double rank = static_cast<double>(begin + end - 1) / 2 - middle;
    for (; begin < end; ++begin) ranks[order[begin]] = rank;
  }
  return ranks;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double angle(std::span<const double> a, std::span<const double> b) {
  const double cosine = dot(a, b) / (std::sqrt(dot(a, a)) * std::sqrt(dot(b, b)));
  return std::clamp(cosine, -1.0, 1.0);
}

double rank_correlation(const MapView& a, const MapView& b) {
  const bool flat_a = constant(a.values);
  const bool flat_b = constant(b.values);
  if (flat_a || flat_b) return flat_a && flat_b ? 1 : 0;
  return angle(centred_ranks(a.values), centred_ranks(b.values));
}

// The values over the largest magnitude, so that squares neither overflow nor vanish.
std::vector<double> unit_peak(std::span<const double> values) {
  double peak = 0;
  for (const double value : values) peak = std::max(peak, std::abs(value));
  std::vector<double> scaled(values.begin(), values.end());
  if (peak > 0) {
    for (double& value : scaled) value /= peak;
  }
  return scaled;
}

double cosine_of(const MapView& a, const MapView& b) {
  const auto x = unit_peak(a.values);
  const auto y = unit_peak(b.values);
  const bool zero_x = dot(x, x) == 0;
  const bool zero_y = dot(y, y) == 0;
  if (zero_x || zero_y) return zero_x && zero_y ? 1 : 0;
  return angle(x, y);
}

std::int64_t top_count(const TopK& options, std::size_t pixels) {
  const auto n = static_cast<double>(pixels);
  if (options.count > 0) return std::min(options.count, static_cast<std::int64_t>(pixels));
  return std::max<std::int64_t>(1, std::llround(options.fraction * n));
}

}  // namespace

at::Tensor spearman(const at::Tensor& maps, const at::Tensor& others, Sign sign) {
  return per_pair(maps, others, sign, rank_correlation);
}

at::Tensor cosine(const at::Tensor& maps, const at::Tensor& others, Sign sign) {
  return per_pair(maps, others, sign, cosine_of);
}

at::Tensor top_k_iou(const at::Tensor& maps, const at::Tensor& others, const TopK& options) {
  base::require(options.count >= 0, "top-k IoU needs a positive number of pixels, got {}",
                options.count);
  base::require(options.count > 0 || (options.fraction > 0 && options.fraction <= 1),
                "the fraction of top-k IoU must lie in (0, 1], got {}", options.fraction);
  return per_pair(maps, others, options.sign, [&](const MapView& a, const MapView& b) {
    const std::int64_t count = top_count(options, a.values.size());
    const auto share_a = top_share(a.values, count);
    const auto share_b = top_share(b.values, count);
    double both = 0;
    double either = 0;
    for (std::size_t i = 0; i < share_a.size(); ++i) {
      both += std::min(share_a[i], share_b[i]);
      either += std::max(share_a[i], share_b[i]);
    }
    return both / either;
  });
}

}  // namespace ranklens::metrics
