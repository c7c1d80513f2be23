#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "ranklens/metrics/per_map.h"

/// How alike are two maps of the same image? Maps [N,H,W] twice, one float64 each, symmetric in the
/// two, higher is more alike, 1 for equal maps. A constant map and one
/// that is not share no order (Spearman, cosine with zero: 0).
namespace ranklens::metrics {

/// Pearson correlation of the ranks, ties ranked by their mean (Spearman 1904), in [-1,1].
at::Tensor spearman(const at::Tensor& maps, const at::Tensor& others, Sign sign = Sign::raw);

/// Cosine of the angle between the maps as vectors, in [-1,1]. Not changed by scale, changed by an
/// offset.
at::Tensor cosine(const at::Tensor& maps, const at::Tensor& others, Sign sign = Sign::raw);

struct TopK {
  /// The largest values compared, as a part of all pixels, rounded to the nearest count, at least
  /// one pixel. Ignored if `count` is given.
  double fraction = 0.1;
  std::int64_t count = 0;
  Sign sign = Sign::raw;
};

/// Intersection over union of the k largest pixels of each map, in [0,1]. Pixels that tie at the
/// threshold share the places left evenly; intersection and union are then sums of the smaller and
/// of the larger share (Ruzicka 1958).
at::Tensor top_k_iou(const at::Tensor& maps, const at::Tensor& others, const TopK& options = {});

struct Ssim {
  /// Side of the Gaussian window, odd, and its standard deviation, in pixels. For maps smaller than
  /// the window its side becomes the largest odd number that fits; the deviation stays.
  std::int64_t window = 11;
  double sigma = 1.5;
  double k1 = 0.01;
  double k2 = 0.03;
  /// Scale each map to [0,1] by its own extremes first (a constant map becomes 0); the dynamic
  /// range is then 1. Otherwise `range` is the dynamic range of the values.
  bool scale_each = true;
  double range = 1;
  Sign sign = Sign::raw;
};

/// Mean structural similarity over all windows that lie inside the map, in [-1,1] (Wang, Bovik,
/// Sheikh and Simoncelli 2004, equation 13; without their later down-sampling).
at::Tensor ssim(const at::Tensor& maps, const at::Tensor& others, const Ssim& options = {});

}  // namespace ranklens::metrics
