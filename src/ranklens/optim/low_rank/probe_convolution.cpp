#include "ranklens/optim/low_rank/probe_convolution.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/optim/convolution_parts.h"
#include "ranklens/optim/low_rank/uses_holder.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Filters [in * height * width, count] as a kernel [count, in, height, width].
at::Tensor kernel_of(const at::Tensor& filters, const nn::Shape& shape) {
  return filters.t().reshape({filters.size(1), shape[1], shape[2], shape[3]});
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
    const auto back = tn::tall_times(pixels(out), left.to(type));
    return tn::tall_gram(back, pixels(inner)).to(left.scalar_type());
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
    keep(context, given.walk);
    keep(context, call.uses);
    context->saved_data["bias"] = bias.has_value();
    // There are more pixels than channels, so the small factors are multiplied with each other.
    const auto across = at::matmul(u, s).t();
    const auto rows = pixels(inner);
    return image_of(tn::tall_times(rows, across, bias.value_or(at::Tensor())), inner);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &inner = saved[1], &u = saved[2], &s = saved[3], &v = saved[4];
    const Given given{context->saved_data["shape"].toIntVector(), kept_walk(context)};
    const auto out = pixels(gradients[0]);
    const auto back = tn::tall_times(out, u), inner_rows = pixels(inner);
    tensor_list found(7);
    if (context->needs_input_grad(0)) {
      found[0] = image_gradient(image_of(back, inner), x,
                                kernel_of(at::matmul(v, s.t()), given.shape), given.walk);
    }
    // Places are counted over the tensors that there are.
    const bool bias = context->saved_data["bias"].toBool();
    if (bias && context->needs_input_grad(1)) found[1] = out.sum(0);
    if (context->needs_input_grad(bias ? 2 : 1)) {
      found[2] = tn::tall_gram(out, inner_rows);
      found[3] = at::matmul(u.t(), found[2]);  // (G^T U)^T V = U^T (G V)
      found[4] =
          kernel_gradient(image_of(back, inner), x,
                          {u.size(1), given.shape[1], given.shape[2], given.shape[3]}, given.walk)
              .reshape({u.size(1), v.size(0)})
              .t();
    } else {
      found[3] = tn::tall_gram(back, inner_rows);
    }
    if (const auto uses = kept(context)) uses->push_back(use_of(gradients[0], x, given));
    return found;
  }
};

}  // namespace

at::Tensor probed_convolution(const ProbeCall& call, const nn::Shape& shape, const at::Tensor& x,
                              const at::Tensor& bias, const nn::ConvGeometry& geometry) {
  const auto [image, walk] = padded_for(x, geometry);
  return ProbedConvolution::apply(image, optional_of(bias), call.k, call.s, call.l, call,
                                  Given{shape, walk});
}

}  // namespace ranklens::optim
