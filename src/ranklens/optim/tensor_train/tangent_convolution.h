#pragma once

#include <vector>

#include "ranklens/nn/weight.h"
#include "ranklens/tn/linear/tangent_linear.h"

namespace ranklens::optim {

/// The convolution of x [batch, in, h, w] with the kernel of format "tt_conv" of these forms, its
/// window [height, width, r] first. The gradients of `parts`, zeros of the cores' shapes, are those
/// of the parts of a tangent vector, at the cost of the convolution itself: as tn::tangent_linear()
/// for the cores behind the window, and for the window by what comes back through them. Not
/// differentiable twice.
at::Tensor tangent_convolution(const tn::OrthogonalForms& point,
                               const std::vector<at::Tensor>& parts, const at::Tensor& x,
                               const at::Tensor& bias, const nn::ConvGeometry& geometry);

}  // namespace ranklens::optim
