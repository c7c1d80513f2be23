#pragma once

#include <ATen/core/Tensor.h>

/// Products with matrices that have many rows and few columns, such as the pixels of a batch of
/// images by their channels: libraries for products of matrices reach a tenth of what the processor
/// can do where columns fill no vectors. On processors with AVX2, for contiguous float32 and
/// float64 of up to 64 columns; else, and where gradients are tracked, at::mm.
namespace ranklens::tn {

/// The transpose of a [n, p] times b [n, q]: [p, q].
at::Tensor tall_gram(const at::Tensor& a, const at::Tensor& b);

/// a [n, p] times a small matrix [p, q], plus a row [q] where it is defined: [n, q].
at::Tensor tall_times(const at::Tensor& a, const at::Tensor& matrix, const at::Tensor& row = {});

/// The same without a row, added to `sum` [n, q] in place.
void add_tall_times(at::Tensor& sum, const at::Tensor& a, const at::Tensor& matrix);

}  // namespace ranklens::tn
