#pragma once

#include "ranklens/nn/weight.h"
#include "ranklens/optim/low_rank/probe_linear.h"

namespace ranklens::optim {

/// x [batch, in, h, w] -> [batch, out, h', w']: the kernel of q filters V^T, then the core and U on
/// each pixel.
at::Tensor probed_convolution(const ProbeCall& call, const nn::Shape& shape, const at::Tensor& x,
                              const at::Tensor& bias, const nn::ConvGeometry& geometry);

}  // namespace ranklens::optim
