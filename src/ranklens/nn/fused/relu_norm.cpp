#include "ranklens/nn/fused/relu_norm.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/nn/fused/norm_passes.h"
#include "ranklens/nn/fused/raw.h"

namespace ranklens::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

NormPass pass_of(const ReluNorm& call, const at::Tensor& z) {
  return {.z = z,
          .relu = call.relu,
          .pool = call.pool,
          .keep = call.keep,
          .factor = static_cast<float>(call.factor)};
}

struct DifferentiableNorm : torch::autograd::Function<DifferentiableNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& z, const at::Tensor& weight,
                            const at::Tensor& bias, const ReluNorm& call, Moments* found) {
    const auto pass = pass_of(call, z);
    *found = moments(pass, call.eps);
    at::Tensor which;
    auto output = normalise(pass, *found, weight, bias, which);
    context->save_for_backward(
        {z, weight, bias, found->mean, found->inverse_std, which, call.keep});
    context->saved_data["relu"] = call.relu;
    context->saved_data["pool"] = call.pool;
    context->saved_data["eps"] = call.eps;
    context->saved_data["factor"] = call.factor;
    return output;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& given) {
    const auto saved = context->get_saved_variables();
    const auto value = [&](const char* name) { return context->saved_data[name]; };
    const ReluNorm call{.input = saved[0],
                        .weight = saved[1],
                        .bias = saved[2],
                        .relu = value("relu").toBool(),
                        .eps = value("eps").toDouble(),
                        .pool = value("pool").toBool(),
                        .keep = saved[6],
                        .factor = value("factor").toDouble()};
    tensor_list result(5);
    if (at::GradMode::is_enabled()) {
      auto found = base::gradients_by_graph(relu_norm_by_operators(call).output,
                                            {call.input, call.weight, call.bias}, given[0]);
      std::move(found.begin(), found.end(), result.begin());
      return result;
    }
    auto found = gradients(pass_of(call, call.input), {saved[3], saved[4]}, call.weight, saved[5],
                           given[0].to(call.input.scalar_type()).contiguous(channels_last),
                           context->needs_input_grad(0));
    result[0] = std::move(found.input);
    result[1] = std::move(found.weight);
    result[2] = std::move(found.bias);
    return result;
  }
};

bool per_channel(const at::Tensor& t, std::int64_t channels) {
  return plain(t) && t.scalar_type() == at::kFloat && t.dim() == 1 && t.size(0) == channels &&
         t.is_contiguous();
}

}  // namespace

bool supported(const ReluNorm& call) {
  const auto& x = call.input;
  if (!plain(x) || x.dim() != 4 || x.numel() == 0 || kernels::table() == nullptr) return false;
  const bool type = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  const bool even = x.size(2) % 2 == 0 && x.size(3) % 2 == 0;
  return type && x.is_contiguous(channels_last) && per_channel(call.weight, x.size(1)) &&
         per_channel(call.bias, x.size(1)) && (even || !call.pool);
}

Normalised relu_norm(const ReluNorm& given) {
  ReluNorm call = given;
  if (call.keep.defined()) call.keep = call.keep.contiguous(channels_last);
  Moments found;
  auto output = DifferentiableNorm::apply(call.input, call.weight, call.bias, call, &found);
  return {std::move(output), std::move(found.mean), std::move(found.inverse_std)};
}

Normalised relu_norm_by_operators(const ReluNorm& call) {
  const auto r = call.relu ? at::relu(call.input) : call.input;
  auto [y, mean, inverse_std] =
      at::native_batch_norm(r, call.weight, call.bias, {}, {}, true, 0, call.eps);
  if (call.pool) y = at::max_pool2d(y, {2, 2}, {2, 2});
  if (call.keep.defined()) y = y * call.keep.to(y.scalar_type()).mul_(call.factor);
  return {y, mean, inverse_std};
}

}  // namespace ranklens::nn::fused
