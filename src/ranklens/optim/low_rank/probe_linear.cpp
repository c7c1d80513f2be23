#include "ranklens/optim/low_rank/probe_linear.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/product.h"
#include "ranklens/optim/low_rank/uses_holder.h"

namespace ranklens::optim {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

Use use_of(const at::Tensor& out_gradient, const at::Tensor& in) {
  return {.between =
              [=](const at::Tensor& left, const at::Tensor& right) {
                const auto type = in.scalar_type();
                const auto out = at::matmul(out_gradient, left.to(type));
                return at::matmul(out.t(), at::matmul(in, right.to(type))).to(left.scalar_type());
              },
          .out_gradient = out_gradient,
          .in = in};
}

struct ProbedLinear : torch::autograd::Function<ProbedLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const std::optional<at::Tensor>& bias, const at::Tensor&,
                            const at::Tensor&, const at::Tensor&, const ProbeCall& call) {
    const auto& [u, s, v] = call.point;
    const auto inner = at::matmul(x, v);
    const bool core_alone = !call.k.requires_grad();
    context->save_for_backward({core_alone && !call.uses ? at::Tensor() : x, inner, u, s, v});
    keep(context, call.uses);
    context->saved_data["bias"] = bias.has_value();
    return base::linear(at::matmul(inner, s.t()), u, bias.value_or(at::Tensor()));
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &inner = saved[1], &u = saved[2], &s = saved[3], &v = saved[4];
    const auto& out = gradients[0];
    const auto back = at::matmul(out, u);
    tensor_list found(6);
    if (context->needs_input_grad(0)) found[0] = at::matmul(at::matmul(back, s), v.t());
    // Places are counted over the tensors that there are.
    const bool bias = context->saved_data["bias"].toBool();
    if (bias && context->needs_input_grad(1)) found[1] = out.sum(0);
    const bool core_alone = !context->needs_input_grad(bias ? 2 : 1);
    if (!core_alone) found[2] = at::matmul(out.t(), inner);
    found[3] = at::matmul(back.t(), inner);
    if (!core_alone) found[4] = at::matmul(x.t(), back);
    if (const auto uses = kept(context)) uses->push_back(use_of(out, x));
    return found;
  }
};

}  // namespace

at::Tensor probed_linear(const ProbeCall& call, const at::Tensor& x, const at::Tensor& bias) {
  auto shape = x.sizes().vec();
  shape.back() = call.point.u.size(0);
  const auto rows = x.reshape({-1, x.size(-1)});
  return ProbedLinear::apply(rows, optional_of(bias), call.k, call.s, call.l, call).reshape(shape);
}

}  // namespace ranklens::optim
