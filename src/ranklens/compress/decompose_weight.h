#pragma once

#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// A weight in factors and how far it is from what it was.
struct Factorised {
  nn::Weight weight;
  double error = 0;  ///< relative Frobenius
};

/// `dense` [out, in, ...] stored as the spec says: by SVD (low_rank), TT-SVD (tt), sequentially
/// truncated HOSVD (tucker), alternating least squares (cp; with a tolerance the rank grows by a
/// quarter until it is met). Ranks of the spec are upper bounds; without ranks eps is kept.
/// Computed in double precision, stored in the type of `dense`. Error where the shape does not fit
/// the spec, or where no CP form of fewer numbers than the weight meets the tolerance.
Factorised decompose_weight(const at::Tensor& dense, const nn::WeightSpec& spec);

/// The spec with modes filled in where a `tt` has none: three balanced modes, two where a side has
/// fewer than 64 rows or columns; the channels' alone for a convolution with a window.
nn::WeightSpec with_modes(nn::WeightSpec spec, const nn::Shape& shape);

}  // namespace ranklens::compress
