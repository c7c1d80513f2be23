#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

#include "ranklens/base/random.h"

namespace ranklens::tn {

/// Independent normal entries of mean 0 and variance 1, in any of the four dtypes and on any
/// device; complex ones have real and imaginary parts of variance 1/2.
at::Tensor gaussian(base::Stream& stream, at::IntArrayRef sizes, const at::TensorOptions& options);

/// The same with uniform entries, which take a fraction of the time; as a sketch they serve as
/// well. (Signs would be cheaper still, but of two of them one in two sums is zero.)
at::Tensor uniform(base::Stream& stream, at::IntArrayRef sizes, const at::TensorOptions& options);

}  // namespace ranklens::tn
