#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::nn::fused {

/// Whether the kernels compute max_pool2d(relu(x)) in windows of 2x2 with stride 2: on a CPU with
/// AVX2 or AVX-512, float32 or bfloat16, x [batch, channels, height, width] channels-last, height
/// and width even.
bool pools(const at::Tensor& x);

/// max_pool2d(relu(x)) in one pass over memory; relu(x) is never stored. Where several numbers of a
/// window are the largest, the gradient goes to the first in reading order, as libtorch has it.
/// Differentiable, again where the gradient is asked for with a graph (then by libtorch).
at::Tensor relu_pool(const at::Tensor& x);

/// The same by libtorch's operators, one after the other.
at::Tensor relu_pool_by_operators(const at::Tensor& x);

}  // namespace ranklens::nn::fused
