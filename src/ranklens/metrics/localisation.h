#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/metrics/per_map.h"

/// Does the map point at the object? Maps [N,H,W] against masks [N,H,W]; one float64 each, higher
/// is better, all in [0,1]. Where the input leaves an answer open, one rule closes it: a map that
/// says nothing (constant) scores what a random map scores on average, and ties are shared evenly.
/// docs/metrics.md has the table of degenerate answers.
namespace ranklens::metrics {

struct PointingGame {
  /// A hit is counted up to this many pixels (Euclidean) outside the mask; Zhang et al. use 15 on
  /// photos of about 500 pixels.
  double tolerance = 0;
  Sign sign = Sign::raw;
};

/// 1 if the largest value lies in the mask, else 0; if several pixels share the largest value, the
/// part of them that does (Zhang et al. 2018, "Top-down neural attention by excitation backprop").
at::Tensor pointing_game(const at::Tensor& maps, const at::Tensor& masks,
                         const PointingGame& options = {});

/// Part of the map's sum that lies in the mask (Arras et al. 2022, relevance mass accuracy).
/// Sign::raw is refused: with negative values the ratio has no bounds.
at::Tensor mass_accuracy(const at::Tensor& maps, const at::Tensor& masks,
                         Sign sign = Sign::positive);

/// With K pixels in the mask: part of the K largest values that lie in it (Arras et al. 2022,
/// relevance rank accuracy).
at::Tensor rank_accuracy(const at::Tensor& maps, const at::Tensor& masks, Sign sign = Sign::raw);

/// Intersection over union of the mask and the map's K largest values, K the mask's area. With rank
/// accuracy a it is a / (2 - a): the same order of maps on a scale that users of boxes know.
at::Tensor iou_at_mask_area(const at::Tensor& maps, const at::Tensor& masks, Sign sign = Sign::raw);

/// Probability that a pixel of the mask has a larger value than one outside it, ties counting one
/// half: the exact area under the ROC curve (Mann and Whitney 1947).
at::Tensor roc_auc(const at::Tensor& maps, const at::Tensor& masks, Sign sign = Sign::raw);

/// [N] bool: masks that can tell maps apart, neither empty nor full. Means over images should leave
/// the others out, or say that they are in.
at::Tensor informative(const at::Tensor& masks);

}  // namespace ranklens::metrics
