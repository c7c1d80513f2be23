#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::nn::fused {

/// ReLU (or not), batch norm with the batch's own statistics, and then, if `pool`, a 2x2 maximum
/// pool of stride 2 and a dropout, in as few passes over memory as there can be: r = relu(input) is
/// never stored, nor what the pool takes.
struct ReluNorm {
  at::Tensor input = {};   ///< [batch, channels, height, width], channels-last, float32 or bfloat16
  at::Tensor weight = {};  ///< float32 [channels]
  at::Tensor bias = {};    ///< float32 [channels]
  bool relu = true;
  double eps = 1e-5;
  bool pool = false;
  /// bool, of the pooled shape: what a dropout keeps and multiplies by `factor`. Undefined: all.
  at::Tensor keep = {};
  double factor = 1;
};

struct Normalised {
  at::Tensor output;
  at::Tensor mean, inverse_std;  ///< float32 [channels], of relu(input); no gradients flow here
};

/// Whether the kernels can do it: a CPU with AVX2 or AVX-512, the types and the layout above, even
/// height and width for a pool.
bool supported(const ReluNorm& call);

/// By the kernels. Differentiable in input, weight and bias, again where the gradient is asked for
/// with a graph (then computed by libtorch). Sums are taken in an order that depends on the shape
/// alone: the same bits for any number of threads.
Normalised relu_norm(const ReluNorm& call);

/// The same by libtorch's operators, one after the other: for any device and type, and what the
/// kernels are tested against.
Normalised relu_norm_by_operators(const ReluNorm& call);

}  // namespace ranklens::nn::fused
