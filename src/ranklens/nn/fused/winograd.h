#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/weight.h"

namespace ranklens::nn::fused {

/// Who convolves in training: libtorch directly, or our kernels by tiles (Winograd 1980; Lavin and
/// Gray 2016), which take a quarter of the products for the same result up to rounding. Evaluation
/// and explanations are always direct.
enum class Convolutions { direct, winograd };

/// The choice in use: the environment variable RANKLENS_CONVOLUTION ("direct" or "winograd"), else
/// winograd; what was set overrides both: a resumed run goes on as it began. An Error for any other
/// value.
Convolutions convolutions();
void set_convolutions(Convolutions choice);
std::string_view to_string(Convolutions choice);
Convolutions parse_convolutions(std::string_view text);

/// A convolution of 3x3, stride 1, with a border of one zero pixel.
struct Convolution {
  at::Tensor input = {};   ///< [batch, in, height, width], channels-last, float32 or bfloat16
  at::Tensor weight = {};  ///< [out, in, 3, 3] of the same type
  at::Tensor bias = {};    ///< [out] or undefined
};

/// Whether the kernels can do it, and are the faster: a CPU with AVX2 or AVX-512, channels that are
/// multiples of 16 and at most 256, sides that are multiples of 4, not too few pixels, and in
/// bfloat16 no matrix unit that multiplies faster still.
bool supported(const Convolution& call, const ConvGeometry& geometry);

/// By the kernels, computed in float32. Differentiable in all three, again where the gradient is
/// asked for with a graph (then computed by libtorch). Same number of threads, same bits.
at::Tensor convolution(const Convolution& call);

/// The same by libtorch's operator: what the kernels are tested against.
at::Tensor convolution_by_operator(const Convolution& call);

}  // namespace ranklens::nn::fused
