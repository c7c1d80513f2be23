#include "ranklens/nn/fused/relu_pool.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/nn/fused/norm_passes.h"
#include "ranklens/nn/fused/raw.h"

namespace ranklens::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

struct DifferentiablePool : torch::autograd::Function<DifferentiablePool> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    at::Tensor which;
    auto output = pooled({.z = x, .pool = true}, which);
    context->save_for_backward({x, which});
    return output;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& given) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &which = saved[1];
    if (at::GradMode::is_enabled()) {
      return base::gradients_by_graph(relu_pool_by_operators(x), {x}, given[0]);
    }
    return {pooled_gradient({.z = x, .pool = true}, which,
                            given[0].to(x.scalar_type()).contiguous(channels_last))};
  }
};

}  // namespace

bool pools(const at::Tensor& x) {
  if (!plain(x) || x.dim() != 4 || x.numel() == 0 || kernels::table() == nullptr) return false;
  const bool type = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  return type && x.is_contiguous(channels_last) && x.size(2) % 2 == 0 && x.size(3) % 2 == 0;
}

at::Tensor relu_pool(const at::Tensor& x) { return DifferentiablePool::apply(x); }

at::Tensor relu_pool_by_operators(const at::Tensor& x) {
  return at::max_pool2d(at::relu(x), {2, 2}, {2, 2});
}

}  // namespace ranklens::nn::fused
