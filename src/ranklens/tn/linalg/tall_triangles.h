#pragma once

#include <ATen/core/Tensor.h>

/// Products with tall matrices of which half is known beforehand, block by block, so that what is
/// known is not computed. Few columns have one block.
namespace ranklens::tn {

/// The transpose of a [n, p] times itself, symmetric: [p, p].
at::Tensor tall_own_gram(const at::Tensor& a);

/// a [n, p] times an upper triangular matrix [p, p]: [n, p].
at::Tensor tall_times_upper(const at::Tensor& a, const at::Tensor& upper);

}  // namespace ranklens::tn
