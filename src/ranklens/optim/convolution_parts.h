#pragma once

#include <array>
#include <vector>

#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/nn/weight.h"

namespace ranklens::optim {

/// How filters walk over an image; padding on all sides alike.
struct Walk {
  std::vector<std::int64_t> stride, padding, dilation;
};

/// An image with the padding that is not alike on all sides done, and the walk over it.
struct Padded {
  at::Tensor image;
  Walk walk;
};
Padded padded_for(const at::Tensor& x, const nn::ConvGeometry& geometry);

/// x [batch, in, h, w] with a kernel [out, in, height, width]: [batch, out, h', w'].
at::Tensor filtered(const at::Tensor& x, const at::Tensor& kernel, const Walk& walk);
/// The gradient of the kernel (of this shape) from that of filtered()'s output.
at::Tensor kernel_gradient(const at::Tensor& out, const at::Tensor& x, at::IntArrayRef kernel,
                           const Walk& walk);
/// The gradient of the image x (of which only the shape matters) from that of filtered()'s output.
at::Tensor image_gradient(const at::Tensor& out, const at::Tensor& x, const at::Tensor& kernel,
                          const Walk& walk);

/// [batch, channels, h, w] as rows [batch * h * w, channels], and back to an image as wide and high
/// as another; a view where channels are stored last.
at::Tensor pixels(const at::Tensor& image);
at::Tensor image_of(const at::Tensor& pixels, const at::Tensor& like);

/// A walk kept from the forward to the backward pass.
void keep(torch::autograd::AutogradContext* context, const Walk& walk);
Walk kept_walk(torch::autograd::AutogradContext* context);

}  // namespace ranklens::optim
