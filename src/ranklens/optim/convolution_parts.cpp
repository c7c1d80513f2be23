#include "ranklens/optim/convolution_parts.h"

#include <tuple>

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

auto backward_parts(const at::Tensor& out, const at::Tensor& x, const at::Tensor& kernel,
                    const Walk& walk, std::array<bool, 3> wanted) {
  return at::convolution_backward(out, x, kernel, {}, walk.stride, walk.padding, walk.dilation,
                                  false, {0, 0}, 1, wanted);
}

}  // namespace

Padded padded_for(const at::Tensor& x, const nn::ConvGeometry& g) {
  base::require(g.groups == 1, "a grouped convolution cannot have a kernel in factors");
  const bool symmetric = g.top == g.bottom && g.left == g.right;
  return {symmetric ? x : at::constant_pad_nd(x, {g.left, g.right, g.top, g.bottom}, 0),
          {{g.stride, g.stride},
           symmetric ? std::vector<std::int64_t>{g.top, g.left} : std::vector<std::int64_t>{0, 0},
           {g.dilation, g.dilation}}};
}

at::Tensor filtered(const at::Tensor& x, const at::Tensor& kernel, const Walk& walk) {
  return at::convolution(x, kernel, {}, walk.stride, walk.padding, walk.dilation, false, {0, 0}, 1);
}

at::Tensor kernel_gradient(const at::Tensor& out, const at::Tensor& x, at::IntArrayRef kernel,
                           const Walk& walk) {
  return std::get<1>(backward_parts(out, x, x.new_empty(kernel), walk, {false, true, false}));
}

at::Tensor image_gradient(const at::Tensor& out, const at::Tensor& x, const at::Tensor& kernel,
                          const Walk& walk) {
  return std::get<0>(backward_parts(out, x, kernel, walk, {true, false, false}));
}

at::Tensor pixels(const at::Tensor& image) {
  return image.permute({0, 2, 3, 1}).reshape({-1, image.size(1)});
}

at::Tensor image_of(const at::Tensor& pixels, const at::Tensor& like) {
  return pixels.reshape({like.size(0), like.size(2), like.size(3), pixels.size(1)})
      .permute({0, 3, 1, 2});
}

void keep(torch::autograd::AutogradContext* context, const Walk& walk) {
  context->saved_data["stride"] = walk.stride;
  context->saved_data["padding"] = walk.padding;
  context->saved_data["dilation"] = walk.dilation;
}

Walk kept_walk(torch::autograd::AutogradContext* context) {
  const auto list = [&](const char* name) { return context->saved_data[name].toIntVector(); };
  return {list("stride"), list("padding"), list("dilation")};
}

}  // namespace ranklens::optim
