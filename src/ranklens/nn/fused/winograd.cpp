#include "ranklens/nn/fused/winograd.h"

#include <atomic>
#include <cstdlib>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/convolution.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/base/error.h"
#include "ranklens/nn/fused/raw.h"
#include "ranklens/nn/fused/winograd_passes.h"

namespace ranklens::nn::fused {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

std::atomic<int> chosen{-1};

Convolutions decide() {
  const char* text = std::getenv("RANKLENS_CONVOLUTION");
  return text == nullptr || *text == '\0' ? Convolutions::winograd : parse_convolutions(text);
}

struct DifferentiableTiles : torch::autograd::Function<DifferentiableTiles> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    context->save_for_backward({x, weight, bias.value_or(at::Tensor())});
    const at::Tensor shift = bias ? bias->to(at::kFloat).contiguous() : at::Tensor();
    return correlate(x, TileWeight(weight.permute({2, 3, 1, 0})), shift);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& given) {
    const auto saved = context->get_saved_variables();
    const Convolution call{saved[0], saved[1], saved[2]};
    if (at::GradMode::is_enabled()) {
      return base::gradients_by_graph(convolution_by_operator(call),
                                      {call.input, call.weight, call.bias}, given[0]);
    }
    const auto type = call.input.scalar_type();
    const at::Tensor gradient = given[0].to(type).contiguous(channels_last);
    tensor_list result(3);
    if (context->needs_input_grad(0)) {
      // The other way through the weight: turned round, input and output exchanged.
      const TileWeight turned(call.weight.flip({2, 3}).permute({2, 3, 0, 1}));
      result[0] = correlate(gradient, turned, {});
    }
    const bool bias_wanted = call.bias.defined() && context->needs_input_grad(2);
    if (context->needs_input_grad(1) || bias_wanted) {
      const auto found = weight_gradient(call.input, gradient);
      result[1] = found.weight.permute({3, 2, 0, 1}).to(type).contiguous(channels_last);
      if (bias_wanted) result[2] = found.bias.to(call.bias.scalar_type());
    }
    return result;
  }
};

bool one_around(const ConvGeometry& g) {
  return g.stride == 1 && g.dilation == 1 && g.groups == 1 && g.top == 1 && g.left == 1 &&
         g.bottom == 1 && g.right == 1;
}

bool fits(std::int64_t channels) { return channels % 16 == 0 && channels <= 256; }

}  // namespace

Convolutions convolutions() {
  if (chosen.load() < 0) set_convolutions(decide());
  return static_cast<Convolutions>(chosen.load());
}

void set_convolutions(Convolutions choice) { chosen.store(static_cast<int>(choice)); }

Convolutions parse_convolutions(std::string_view text) {
  if (text == "direct") return Convolutions::direct;
  base::require(text == "winograd", "convolutions are 'direct' or 'winograd', not '{}'", text);
  return Convolutions::winograd;
}

std::string_view to_string(Convolutions choice) {
  return choice == Convolutions::direct ? "direct" : "winograd";
}

bool supported(const Convolution& call, const ConvGeometry& geometry) {
  const auto &x = call.input, &w = call.weight;
  if (kernels::table() == nullptr || convolutions() == Convolutions::direct) return false;
  if (!plain(x) || !plain(w) || x.dim() != 4 || w.dim() != 4) return false;
  if (w.size(2) != 3 || w.size(3) != 3 || !one_around(geometry)) return false;
  const bool half = x.scalar_type() == at::kBFloat16;
  const bool type = half ? !kernels::has_matrix_unit() : x.scalar_type() == at::kFloat;
  const bool sides = x.size(2) % 4 == 0 && x.size(3) % 4 == 0;
  // Fewer tiles than these do not pay for the transformed weight.
  const bool enough = x.size(0) * x.size(2) * x.size(3) / 16 >= 64;
  return type && sides && enough && w.scalar_type() == x.scalar_type() && fits(w.size(0)) &&
         fits(w.size(1)) && x.size(1) == w.size(1) && x.is_contiguous(channels_last);
}

at::Tensor convolution(const Convolution& call) {
  const auto bias = call.bias.defined() ? std::optional<at::Tensor>(call.bias) : std::nullopt;
  return DifferentiableTiles::apply(call.input, call.weight, bias);
}

at::Tensor convolution_by_operator(const Convolution& call) {
  const auto bias = call.bias.defined() ? std::optional<at::Tensor>(call.bias) : std::nullopt;
  return at::convolution(call.input, call.weight, bias, {1, 1}, {1, 1}, {1, 1}, false, {0, 0}, 1);
}

}  // namespace ranklens::nn::fused
