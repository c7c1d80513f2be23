#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/explain/names.h"

/// What is done to a map after a method has made it. Maps are [N,H,W]; every function returns new
/// tensors of the same type and treats each image alone.
namespace ranklens::explain {

/// (a - min) / (max - min), in [0,1]; a constant map becomes 0. Computed in float64.
at::Tensor min_max(const at::Tensor& maps);

/// Values above the `percent`-th percentile (linear interpolation between order statistics, as
/// numpy) are lowered to it, so that one bright pixel does not blacken the rest. 0 < percent <=
/// 100.
at::Tensor clip_percentile(const at::Tensor& maps, double percent = 99);

/// Negative values become 0. If `notes` is given and some maps have no positive value at all, one
/// sentence says how many and which comes first: such a map is blank afterwards.
at::Tensor positive_part(const at::Tensor& maps, std::vector<std::string>* notes = nullptr);

/// Where the samples of a resized map lie on the old one.
enum class Alignment {
  /// Pixel areas match, out-of-range samples repeat the edge: OpenCV's INTER_LINEAR, PyTorch's
  /// align_corners=False.
  areas,
  /// Centres of the corner pixels match: scipy.ndimage.zoom of order 1 (tf-keras-vis), PyTorch's
  /// align_corners=True.
  corners
};

inline constexpr Name<Alignment> kAlignmentNames[] = {{"areas", Alignment::areas},
                                                      {"corners", Alignment::corners}};

/// Bilinear; without anti-aliasing when it shrinks, as both conventions.
at::Tensor resize(const at::Tensor& maps, std::int64_t height, std::int64_t width,
                  Alignment alignment = Alignment::areas);

/// How the channels of an attribution [N,C,H,W] become one map.
enum class Channels { max, sum, l2, mean, none };

inline constexpr Name<Channels> kChannelsNames[] = {{"max", Channels::max},
                                                    {"sum", Channels::sum},
                                                    {"l2", Channels::l2},
                                                    {"mean", Channels::mean},
                                                    {"none", Channels::none}};

/// [N,H,W]; with Channels::none the attribution as it is, [N,C,H,W].
at::Tensor reduce_channels(const at::Tensor& attribution, Channels channels);

}  // namespace ranklens::explain
