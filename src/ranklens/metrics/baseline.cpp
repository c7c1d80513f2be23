#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/replication_pad2d.h>

#include "ranklens/base/error.h"
#include "ranklens/metrics/faithfulness.h"

namespace ranklens::metrics {
namespace {

at::Tensor blurred(const at::Tensor& images, std::int64_t side, double sigma) {
  base::require(side > 0 && side % 2 == 1 && sigma > 0,
                "the blur needs an odd window and a positive sigma, got {} and {}", side, sigma);
  const std::int64_t reach = side / 2;
  const std::int64_t channels = images.size(1);
  const at::Tensor offset = at::arange(-reach, reach + 1, images.options().dtype(at::kDouble));
  at::Tensor window = (-offset.square() / (2 * sigma * sigma)).exp();
  window = (window / window.sum()).to(images.scalar_type());
  const auto column = window.view({1, 1, side, 1}).expand({channels, 1, side, 1}).contiguous();
  const auto row = window.view({1, 1, 1, side}).expand({channels, 1, 1, side}).contiguous();
  const at::Tensor padded = at::replication_pad2d(images, {reach, reach, reach, reach});
  const at::Tensor down = at::conv2d(padded, column, {}, 1, at::IntArrayRef{0}, 1, channels);
  return at::conv2d(down, row, {}, 1, at::IntArrayRef{0}, 1, channels);
}

}  // namespace

at::Tensor baseline_images(const at::Tensor& images, const CurveOptions& options) {
  switch (options.baseline) {
    case Baseline::value:
      return at::full_like(images, options.value);
    case Baseline::mean:
      return images.mean({2, 3}, /*keepdim=*/true).expand_as(images).contiguous();
    case Baseline::blur:
      return blurred(images, options.blur_window, options.blur_sigma);
  }
  base::fail("unknown baseline");
}

}  // namespace ranklens::metrics
