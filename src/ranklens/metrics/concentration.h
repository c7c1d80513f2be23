#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/metrics/per_map.h"

/// How concentrated is a map? Maps [N,H,W], one float64 each. All read the absolute values unless
/// told otherwise (Sign::raw is refused: the formulas need non-negative values), none depends on
/// the map's scale, and an all-zero map counts as the uniform map: it points nowhere.
namespace ranklens::metrics {

/// Gini index sum_i (2i - n - 1) a_(i) / (n sum a), a_(i) ascending: 0 for a constant map, (n-1)/n
/// for one pixel. Higher is sparser (Chalasani et al. 2020; Hurley and Rickard 2009).
at::Tensor gini(const at::Tensor& maps, Sign sign = Sign::absolute);

/// Entropy -sum p ln p of p = |a| / sum |a|, in nats: 0 for one pixel, ln n for a constant map.
/// Lower is simpler (Bhatt, Weller and Moura 2020, "complexity").
at::Tensor entropy(const at::Tensor& maps, Sign sign = Sign::absolute);

/// Entropy over ln n, in [0,1]; comparable between map sizes.
at::Tensor normalised_entropy(const at::Tensor& maps, Sign sign = Sign::absolute);

struct EffectiveComplexity {
  /// A pixel counts if |a| exceeds this part of the map's largest |a|.
  double threshold = 1e-5;
  Sign sign = Sign::absolute;
};

/// Number of pixels that matter at all, in [1, n]. Lower is simpler (Nguyen and Martinez 2020 in
/// the counting form, with the customary threshold 1e-5 after division by the largest value).
at::Tensor effective_complexity(const at::Tensor& maps, const EffectiveComplexity& options = {});

enum class SpreadUnit {
  uniform,  ///< in multiples of the spread of a constant map of that size: 1 is no concentration
  pixels    ///< in pixels
};

/// Root of the second central moment of the mass, sqrt(E |position - centre of mass|^2), both axes
/// together. 0 for one pixel; up to sqrt(3) uniform spreads for mass in opposite corners. Lower is
/// more compact. Unlike Gini and entropy it knows where pixels lie.
at::Tensor spatial_spread(const at::Tensor& maps, SpreadUnit unit = SpreadUnit::uniform,
                          Sign sign = Sign::absolute);

}  // namespace ranklens::metrics
