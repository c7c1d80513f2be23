#pragma once

#include "ranklens/tn/train/decompose.h"

namespace ranklens::tn {

/// A train of the tensor that is zero but at these coordinates (int64 [count, d]), where it has
/// these values [count]; values at the same place add up. The tensor is never formed: every step
/// works on what is non-zero of an unfolding, with bases from a sketch whose error is known exactly
/// (factorise.h), so the cost is O(count * r^2 * d). eps is kept down to 1e-7 (float32: 3e-4);
/// below that, as far as the rounding of sums of squares allows.
Approximation from_coordinates(const at::Tensor& indices, const at::Tensor& values,
                               const Shape& shape, const Closeness& closeness = {});

}  // namespace ranklens::tn
