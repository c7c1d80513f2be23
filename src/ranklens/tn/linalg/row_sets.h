#pragma once

#include <ATen/core/Tensor.h>

/// Products of each sample's own small matrix with its own vector, of very many samples: libraries
/// multiply such batches number by number where the matrices are small. On processors with AVX2,
/// for contiguous float32 and float64; else, and where gradients are tracked, at::bmm.
namespace ranklens::tn {

/// sets[n] [c, p] times vectors[n] [p]: [n, c] from [n, c, p] and [n, p].
at::Tensor set_products(const at::Tensor& sets, const at::Tensor& vectors);

/// The transpose of sets[n] times weights[n] [c]: [n, p] from [n, c, p] and [n, c].
at::Tensor set_sums(const at::Tensor& sets, const at::Tensor& weights);

}  // namespace ranklens::tn
