#pragma once

#include "ranklens/optim/low_rank/low_rank.h"

namespace ranklens::optim {

/// `matrix` written in wider bases [U | left], [V | right] whose new columns are orthonormal and
/// orthogonal to the old: the core is padded with zeros, the matrix is the same.
LowRank widened(const LowRank& matrix, const at::Tensor& left, const at::Tensor& right);

/// Ĝ = [U | left]^T G [V | right], from what is known of G at (U, V) and from
/// left^T G right.
at::Tensor widened_core_gradient(const Gradient& gradient, const at::Tensor& left,
                                 const at::Tensor& right);

}  // namespace ranklens::optim
