#include <algorithm>
#include <cmath>

#include "ranklens/base/error.h"
#include "ranklens/metrics/agreement.h"

namespace ranklens::metrics {
namespace {

struct Plane {
  std::vector<double> values;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

std::vector<double> gaussian(std::int64_t size, double sigma) {
  std::vector<double> window(static_cast<std::size_t>(size));
  const std::int64_t middle = size / 2;
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    const double x = static_cast<double>(i - middle) / sigma;
    window[i] = std::exp(-x * x / 2);
    sum += window[i];
  }
  for (double& weight : window) weight /= sum;
  return window;
}

// The weighted mean of each window that lies wholly inside the plane, axis after axis.
Plane filter(const Plane& plane, const std::vector<double>& window) {
  const auto size = static_cast<std::int64_t>(window.size());
  const std::int64_t height = plane.height - size + 1;
  const std::int64_t width = plane.width - size + 1;
  std::vector<double> rows(static_cast<std::size_t>(plane.height * width), 0.0);
  for (std::int64_t y = 0; y < plane.height; ++y) {
    for (std::int64_t k = 0; k < size; ++k) {
      const double* in = plane.values.data() + y * plane.width + k;
      for (std::int64_t x = 0; x < width; ++x) rows[y * width + x] += window[k] * in[x];
    }
  }
  Plane out{std::vector<double>(static_cast<std::size_t>(height * width), 0.0), height, width};
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t k = 0; k < size; ++k) {
      const double* in = rows.data() + (y + k) * width;
      for (std::int64_t x = 0; x < width; ++x) out.values[y * width + x] += window[k] * in[x];
    }
  }
  return out;
}

Plane product(const Plane& a, const Plane& b) {
  Plane out = a;
  for (std::size_t i = 0; i < out.values.size(); ++i) out.values[i] *= b.values[i];
  return out;
}

Plane prepare(const MapView& map, bool scale) {
  Plane plane{{map.values.begin(), map.values.end()}, map.height, map.width};
  if (!scale) return plane;
  const auto [low, high] = std::minmax_element(map.values.begin(), map.values.end());
  // Halves, so that the distance between two huge values of opposite sign stays finite.
  const double half = *high / 2 - *low / 2;
  for (double& value : plane.values) value = half > 0 ? (value / 2 - *low / 2) / half : 0;
  return plane;
}

double mean_ssim(const Plane& a, const Plane& b, const std::vector<double>& window, double c1,
                 double c2) {
  const Plane mean_a = filter(a, window);
  const Plane mean_b = filter(b, window);
  const Plane square_a = filter(product(a, a), window);
  const Plane square_b = filter(product(b, b), window);
  const Plane mixed = filter(product(a, b), window);
  double sum = 0;
  for (std::size_t i = 0; i < mean_a.values.size(); ++i) {
    const double x = mean_a.values[i];
    const double y = mean_b.values[i];
    const double variances = square_a.values[i] - x * x + square_b.values[i] - y * y;
    const double covariance = mixed.values[i] - x * y;
    sum += (2 * x * y + c1) * (2 * covariance + c2) / ((x * x + y * y + c1) * (variances + c2));
  }
  return sum / static_cast<double>(mean_a.values.size());
}

void check_ssim(const Ssim& options) {
  base::require(options.window > 0 && options.window % 2 == 1,
                "the window of SSIM must be an odd number of pixels, got {}", options.window);
  base::require(options.sigma > 0 && options.k1 > 0 && options.k2 > 0,
                "sigma, k1 and k2 of SSIM must be positive");
  base::require(options.scale_each || options.range > 0,
                "the dynamic range of SSIM must be positive, got {}", options.range);
}

}  // namespace

at::Tensor ssim(const at::Tensor& maps, const at::Tensor& others, const Ssim& options) {
  check_ssim(options);
  const double range = options.scale_each ? 1 : options.range;
  const double c1 = options.k1 * options.k1 * range * range;
  const double c2 = options.k2 * options.k2 * range * range;
  return per_pair(maps, others, options.sign, [&](const MapView& a, const MapView& b) {
    const std::int64_t fits = std::min(a.height, a.width);
    const std::int64_t side = std::min(options.window, fits % 2 == 1 ? fits : fits - 1);
    const auto window = gaussian(side, options.sigma);
    return mean_ssim(prepare(a, options.scale_each), prepare(b, options.scale_each), window, c1,
                     c2);
  });
}

}  // namespace ranklens::metrics
