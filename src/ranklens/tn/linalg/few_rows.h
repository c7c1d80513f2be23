#pragma once

#include <ATen/core/Tensor.h>

/// Products of a few rows or columns with a large matrix that is read once: libraries for products
/// of matrices reach a quarter of what the processor can do there. On processors with AVX2, for
/// contiguous float32 and float64 of up to 32 rows, or up to 64 columns that fill vectors; else,
/// and where gradients are tracked, at::mm.
namespace ranklens::tn {

/// rows [R, k] times matrix [k, n], or each of [B, k, n]: [R, n] or [B, R, n].
at::Tensor rows_times(const at::Tensor& rows, const at::Tensor& matrix);

/// rows [R, n] times the transpose of matrix [m, n]: [R, m].
at::Tensor rows_times_transposed(const at::Tensor& rows, const at::Tensor& matrix);

/// matrix [m, n] times the transpose of rows [R, n]: [m, R].
at::Tensor times_rows_transposed(const at::Tensor& matrix, const at::Tensor& rows);

/// matrix [m, k] times columns [k, n]: [m, n].
at::Tensor times_columns(const at::Tensor& matrix, const at::Tensor& columns);

/// Row r [k] of rows [R, k] times matrix r of [R, k, n]: [R, n].
at::Tensor each_row_times(const at::Tensor& rows, const at::Tensor& matrices);

/// Row r [n] of rows [R, n] times the transpose of matrix r of [R, m, n]: [R, m].
at::Tensor each_row_times_transposed(const at::Tensor& rows, const at::Tensor& matrices);

}  // namespace ranklens::tn
