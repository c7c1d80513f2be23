#include "ranklens/optim/low_rank/probe_convolution.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/uses_holder.h"

namespace ranklens::optim {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// How the filters walk; padding on all sides alike.
struct Walk {
  std::vector<std::int64_t> stride, padding, dilation;
};

// Filters [in * height * width, count] as a kernel [count, in, height, width].
at::Tensor kernel_of(const at::Tensor& filters, const nn::Shape& shape) {
  return filters.t().reshape({filters.size(1), shape[1], shape[2], shape[3]});
}

at::Tensor filtered(const at::Tensor& x, const at::Tensor& kernel, const Walk& walk) {
  return at::convolution(x, kernel, {}, walk.stride, walk.padding, walk.dilation, false, {0, 0}, 1);
}

// [batch, channels, h, w] as rows [batch * h * w, channels], and back.
at::Tensor pixels(const at::Tensor& image) {
  return image.permute({0, 2, 3, 1}).reshape({-1, image.size(1)});
}

at::Tensor image_of(const at::Tensor& pixels, const at::Tensor& like) {
  return pixels.reshape({like.size(0), like.size(2), like.size(3), pixels.size(1)})
      .permute({0, 3, 1, 2});
}

struct Given {
  nn::Shape shape;
  Walk walk;
};

Use use_of(const at::Tensor& out, const at::Tensor& x, const Given& given) {
  Use use;
  use.between = [=](const at::Tensor& left, const at::Tensor& right) {
    const auto type = x.scalar_type();
    const auto inner = filtered(x, kernel_of(right.to(type), given.shape), given.walk);
    const auto back = at::matmul(pixels(out), left.to(type));
    return at::matmul(back.t(), pixels(inner)).to(left.scalar_type());
  };
  return use;
}

struct ProbedConvolution : torch::autograd::Function<ProbedConvolution> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const std::optional<at::Tensor>& bias, const at::Tensor&,
                            const at::Tensor&, const at::Tensor&, const ProbeCall& call,
                            const Given& given) {
    const auto& [u, s, v] = call.point;
    const auto inner = filtered(x, kernel_of(v, given.shape), given.walk);
    context->save_for_backward({x, inner, u, s, v});
    context->saved_data["shape"] = given.shape;
    context->saved_data["stride"] = given.walk.stride;
    context->saved_data["padding"] = given.walk.padding;
    context->saved_data["dilation"] = given.walk.dilation;
    keep(context, call.uses);
    context->saved_data["bias"] = bias.has_value();
    const auto out = at::matmul(at::matmul(pixels(inner), s.t()), u.t());
    return image_of(bias ? out + *bias : out, inner);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &inner = saved[1], &u = saved[2], &s = saved[3], &v = saved[4];
    const auto list = [&](const char* name) { return context->saved_data[name].toIntVector(); };
    const Given given{list("shape"), {list("stride"), list("padding"), list("dilation")}};
    const auto out = pixels(gradients[0]);
    const auto back = at::matmul(out, u), inner_rows = pixels(inner);
    tensor_list found(7);
    const auto through = [&](const at::Tensor& gradient, const at::Tensor& kernel,
                             std::array<bool, 3> wanted) {
      return at::convolution_backward(image_of(gradient, inner), x, kernel, {}, given.walk.stride,
                                      given.walk.padding, given.walk.dilation, false, {0, 0}, 1,
                                      wanted);
    };
    if (context->needs_input_grad(0)) {
      const auto kernel = kernel_of(v, given.shape);
      found[0] = std::get<0>(through(at::matmul(back, s), kernel, {true, false, false}));
    }
    // Places are counted over the tensors that there are.
    const bool bias = context->saved_data["bias"].toBool();
    if (bias && context->needs_input_grad(1)) found[1] = out.sum(0);
    found[2] = at::matmul(out.t(), inner_rows);
    found[3] = at::matmul(back.t(), inner_rows);
    // Of the kernel only the shape matters here: that of p filters.
    const auto shaped = kernel_of(v.new_empty({v.size(0), u.size(1)}), given.shape);
    found[4] = std::get<1>(through(back, shaped, {false, true, false}))
                   .reshape({u.size(1), v.size(0)})
                   .t();
    if (const auto uses = kept(context)) uses->push_back(use_of(gradients[0], x, given));
    return found;
  }
};

}  // namespace

at::Tensor probed_convolution(const ProbeCall& call, const nn::Shape& shape, const at::Tensor& x,
                              const at::Tensor& bias, const nn::ConvGeometry& g) {
  base::require(g.groups == 1, "a grouped convolution cannot have a low-rank kernel");
  const bool symmetric = g.top == g.bottom && g.left == g.right;
  const auto padded = symmetric ? x : at::constant_pad_nd(x, {g.left, g.right, g.top, g.bottom}, 0);
  const Given given{
      shape,
      {{g.stride, g.stride},
       symmetric ? std::vector<std::int64_t>{g.top, g.left} : std::vector<std::int64_t>{0, 0},
       {g.dilation, g.dilation}}};
  return ProbedConvolution::apply(padded, optional_of(bias), call.k, call.s, call.l, call, given);
}

}  // namespace ranklens::optim
