#pragma once

#include "ranklens/base/error.h"
#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// No form of fewer numbers than the weight's own is as close as asked.
class NothingSmaller : public base::Error {
 public:
  using base::Error::Error;
};

/// A weight in factors and how far it is from what it was.
struct Factorised {
  nn::Weight weight;
  double error = 0;  ///< relative Frobenius
};

/// `dense` [out, in, ...] stored as the spec says: by SVD (low_rank), TT-SVD (tt), sequentially
/// truncated HOSVD (tucker), alternating least squares (cp; with a tolerance the fewest terms that
/// tn::approximate_cp finds). Ranks of the spec are upper bounds, within which eps is kept where it
/// can be; for a ratio ranks go where they cut off least for the numbers that they save, unless one
/// rank for all cuts is closer. Computed in double precision, stored in the type of `dense`. Error
/// where the shape does not fit the spec, the ratio leaves nothing, or no CP form of fewer numbers
/// than the weight meets the tolerance.
Factorised decompose_weight(const at::Tensor& dense, const nn::WeightSpec& spec);

}  // namespace ranklens::compress
