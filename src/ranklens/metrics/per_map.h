#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::metrics {

/// What a metric reads of a signed map. `raw`: the values as they are; `positive`: negative values
/// count as 0 (evidence for the target only); `absolute`: evidence for and against alike.
enum class Sign { raw, positive, absolute };

/// One map, row-major, with its size.
struct MapView {
  std::span<const double> values;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

using MaskView = std::span<const std::uint8_t>;

/// The loops all metrics of maps share: check the input, walk over the images (on all threads, in
/// any order), and collect one float64 each. Maps are [N,H,W] of a floating type on any device,
/// masks [N,H,W] uint8 or bool (any value but 0 is inside). Errors: a tensor of another rank or
/// type, sizes that disagree, maps without pixels, a NaN or an infinity (named by image, row and
/// column).
void for_each_map(const at::Tensor& maps, Sign sign,
                  const std::function<void(std::int64_t, const MapView&)>& visit);
at::Tensor per_map(const at::Tensor& maps, Sign sign,
                   const std::function<double(const MapView&)>& metric);
at::Tensor per_map_and_mask(const at::Tensor& maps, const at::Tensor& masks, Sign sign,
                            const std::function<double(const MapView&, MaskView)>& metric);
at::Tensor per_pair(const at::Tensor& maps, const at::Tensor& others, Sign sign,
                    const std::function<double(const MapView&, const MapView&)>& metric);

/// The map as a distribution over its pixels: values divided by their sum. A map whose sum is 0
/// says nothing and counts as uniform. Values must not be negative.
std::vector<double> as_distribution(std::span<const double> values);

/// The indices of `values` by ascending value; equal values by ascending index.
std::vector<std::int32_t> ascending(std::span<const double> values);

/// How much of each pixel is among the `count` largest: 1 above the threshold, 0 below it, and the
/// places that are left shared evenly among the pixels that tie at the threshold.
std::vector<double> top_share(std::span<const double> values, std::int64_t count);

}  // namespace ranklens::metrics
