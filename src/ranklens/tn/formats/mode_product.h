#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// The matrix [n_mode, everything else] of a tensor, the other modes in their order: a view for the
/// first and the last mode of a contiguous tensor, a copy for those between.
at::Tensor unfolding(const at::Tensor& tensor, std::int64_t mode);

/// The tensor with `sizes` (but as many entries in `mode` as the matrix has rows) whose unfolding
/// it is; contiguous.
at::Tensor folded(const at::Tensor& matrix, at::IntArrayRef sizes, std::int64_t mode);

/// The contraction of a mode with the columns of a matrix [m, n_mode]: size m stands in its place.
/// One matrix product for the first and the last mode, a batch of them between; no copy.
at::Tensor mode_product(const at::Tensor& tensor, std::int64_t mode, const at::Tensor& matrix);

}  // namespace ranklens::tn
