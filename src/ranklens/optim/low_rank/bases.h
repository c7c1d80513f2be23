#pragma once

#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

/// A core [p, q, ...] with zeros behind it in its first two modes: [rows, columns, ...].
at::Tensor padded(const at::Tensor& core, std::int64_t rows, std::int64_t columns);

/// `matrix` written in wider bases [U | left], [V | right] whose new columns are orthonormal and
/// orthogonal to the old: the core is padded with zeros, the matrix is the same.
LowRank widened(const LowRank& matrix, const at::Tensor& left, const at::Tensor& right);
/// The same of a kernel.
TuckerKernel widened(const TuckerKernel& kernel, const at::Tensor& left, const at::Tensor& right);

/// The columns that augment the bases by the span of a gradient: as many as the bases have, or as
/// the batch has examples where these are fewer.
at::Tensor new_left(const LowRank& point, const Gradient& gradient);
at::Tensor new_right(const LowRank& point, const Gradient& gradient);

/// Ĝ = [U | left]^T G [V | right], from what is known of G at (U, V) and from
/// left^T G right.
at::Tensor widened_core_gradient(const Gradient& gradient, const at::Tensor& left,
                                 const at::Tensor& right);

}  // namespace ranklens::optim
