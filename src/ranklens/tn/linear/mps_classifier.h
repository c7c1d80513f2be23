#pragma once

#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// Values that may be far above or below what their type can hold: value * 2^exponent.
struct ScaledValues {
  at::Tensor value;     ///< [batch, classes]
  at::Tensor exponent;  ///< [batch], whole numbers; locally constant, hence without a gradient
};

/// The classifier of Stoudenmire and Schwab (2016): f_l(x) = W_l . (phi(x_1) (x) ... (x) phi(x_L))
/// with W a matrix product state, and on one of its bonds a core that carries the label. `features`
/// [batch, L, d] holds phi; `cores` are L of [r, d, r'] and, at place `label` among them, one of
/// [r, classes, r'], the outer ranks 1. float32 or float64, others are computed in float32.
///
/// The sides of the label meet vectors from their ends: about 2 batch d r^2 operations a site, one
/// product of matrices each. Every few sites a sample's state is brought back to a size of about
/// one by a power of two, so that a thousand sites neither overflow nor underflow. One node of
/// autograd: the backward pass keeps the states (batch r numbers a site) and goes back through
/// them; twice by libtorch's operators.
ScaledValues mps_classifier(const at::Tensor& features, const std::vector<at::Tensor>& cores,
                            std::size_t label);

/// value * 2^exponent; infinite or zero only where the result itself is outside the type's range.
at::Tensor unscaled(const ScaledValues& values);

}  // namespace ranklens::tn
