#include "ranklens/explain/maps.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"

namespace ranklens::explain {
namespace {

void require_maps(const at::Tensor& maps) {
  base::require(maps.defined() && maps.dim() == 3 && maps.is_floating_point(),
                "maps must be floating-point numbers [images, height, width]");
  base::require(maps.size(1) > 0 && maps.size(2) > 0, "maps of {}x{} pixels have no content",
                maps.size(1), maps.size(2));
}

}  // namespace

at::Tensor min_max(const at::Tensor& maps) {
  require_maps(maps);
  if (maps.size(0) == 0) return maps.clone();
  const at::Tensor exact = maps.to(at::kDouble);
  const at::Tensor low = exact.amin({1, 2}, /*keepdim=*/true);
  const at::Tensor range = exact.amax({1, 2}, /*keepdim=*/true) - low;
  const at::Tensor scaled = (exact - low) / range;
  return at::where(range.gt(0), scaled, at::zeros_like(scaled)).to(maps.scalar_type());
}

at::Tensor clip_percentile(const at::Tensor& maps, double percent) {
  require_maps(maps);
  base::require(percent > 0 && percent <= 100, "a percentile must lie in (0, 100], got {}",
                percent);
  if (maps.size(0) == 0) return maps.clone();
  // Sorted by hand: at::quantile refuses more than 16 million values.
  const at::Tensor sorted = std::get<0>(maps.flatten(1).sort(1));
  const double place = percent / 100 * static_cast<double>(sorted.size(1) - 1);
  const auto below = static_cast<std::int64_t>(place);
  const std::int64_t above = std::min(below + 1, sorted.size(1) - 1);
  const at::Tensor limit = at::lerp(sorted.select(1, below), sorted.select(1, above),
                                    place - static_cast<double>(below));
  return at::minimum(maps, limit.view({-1, 1, 1}));
}

at::Tensor positive_part(const at::Tensor& maps, std::vector<std::string>* notes) {
  require_maps(maps);
  if (notes != nullptr && maps.size(0) > 0) {
    const at::Tensor blank = maps.amax({1, 2}).le(0);
    const auto count = blank.sum().item<std::int64_t>();
    if (count > 0) {
      notes->push_back(fmt::format(
          "{} of {} maps have no positive value before the ReLU and are blank (the first: {})",
          count, maps.size(0), blank.to(at::kByte).argmax().item<std::int64_t>()));
    }
  }
  return maps.clamp_min(0);
}

at::Tensor resize(const at::Tensor& maps, std::int64_t height, std::int64_t width,
                  Alignment alignment) {
  require_maps(maps);
  base::require(height > 0 && width > 0, "a map cannot be resized to {}x{} pixels", height, width);
  if (maps.size(1) == height && maps.size(2) == width) return maps.clone();
  return at::upsample_bilinear2d(maps.unsqueeze(1), {height, width},
                                 alignment == Alignment::corners)
      .squeeze(1);
}

at::Tensor reduce_channels(const at::Tensor& attribution, Channels channels) {
  base::require(attribution.defined() && attribution.dim() == 4 && attribution.size(1) > 0,
                "an attribution must be [images, channels, height, width]");
  switch (channels) {
    case Channels::max:
      return attribution.amax(1);
    case Channels::sum:
      return attribution.sum(1);
    case Channels::l2:
      return attribution.square().sum(1).sqrt();
    case Channels::mean:
      return attribution.mean(1);
    case Channels::none:
      return attribution.clone();
  }
  base::fail("unknown reduction of channels");
}

}  // namespace ranklens::explain
