#include "ranklens/optim/low_rank/probe_dense.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/optim/low_rank/uses_holder.h"
#include "ranklens/tn/formats/mode_product.h"

namespace ranklens::optim {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Of a weight that was used as a tensor G is at hand.
Use whole_use(const at::Tensor& g) {
  Use use;
  use.between = [=](const at::Tensor& left, const at::Tensor& right) {
    const auto type = g.scalar_type();
    return contracted(g, left.to(type), right.to(type)).to(left.scalar_type());
  };
  return use;
}

struct ProbedMatrix : torch::autograd::Function<ProbedMatrix> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor&, const at::Tensor&,
                            const at::Tensor&, const ProbeCall& call) {
    context->save_for_backward({call.point.u, call.point.v});
    keep(context, call.uses);
    return call.point.dense();
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &u = saved[0], &v = saved[1];
    const auto& g = gradients[0];
    tensor_list found(4);
    const auto right = at::matmul(g, v);
    found[1] = at::matmul(u.t(), right);
    if (context->needs_input_grad(0)) {
      found[0] = right;
      found[2] = at::matmul(g.t(), u);
    }
    if (const auto uses = kept(context)) uses->push_back(whole_use(g));
    return found;
  }
};

struct KernelCall {
  TuckerKernel point;
  CoreRows rows;
  std::shared_ptr<Uses> uses;
};

// What is left of a kernel in a channel mode against rows that are held: [channels, rows].
at::Tensor against(const at::Tensor& rows, const at::Tensor& kernel, std::int64_t mode) {
  return at::matmul(tn::unfolding(kernel, mode), tn::unfolding(rows, mode).t());
}

struct ProbedKernel : torch::autograd::Function<ProbedKernel> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor&, const at::Tensor&,
                            const at::Tensor&, const KernelCall& call) {
    context->save_for_backward({call.point.u, call.point.v, call.rows.out, call.rows.in});
    keep(context, call.uses);
    return call.point.dense();
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &u = saved[0], &v = saved[1], &rows_out = saved[2], &rows_in = saved[3];
    const auto g = gradients[0].contiguous();  // a convolution's comes with its channels last
    const auto from_right = tn::mode_product(g, 1, v.t());
    tensor_list found(4);
    found[1] = tn::mode_product(from_right, 0, u.t());
    if (context->needs_input_grad(0)) {
      found[0] = against(rows_out, from_right, 0);
      found[2] = against(rows_in, tn::mode_product(g, 0, u.t()), 1);
    }
    if (const auto uses = kept(context)) uses->push_back(whole_use(g));
    return found;
  }
};

}  // namespace

at::Tensor probed_dense(const ProbeCall& call) {
  return ProbedMatrix::apply(call.k, call.s, call.l, call);
}

at::Tensor probed_dense(const TuckerKernel& point, const CoreRows& rows,
                        const std::array<at::Tensor, 3>& slots, const std::shared_ptr<Uses>& uses) {
  return ProbedKernel::apply(slots[0], slots[1], slots[2], KernelCall{point, rows, uses});
}

}  // namespace ranklens::optim
