#include "ranklens/optim/adam.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

// The root of the smallest normal number: gradients below it have squares of zero, by whose root no
// step can be divided. An entry whose gradients were all zero stays where it is, eps or not.
double least_root(at::ScalarType type) {
  return std::sqrt(type == at::kDouble ? std::numeric_limits<double>::min()
                                       : static_cast<double>(std::numeric_limits<float>::min()));
}

}  // namespace

Adam::Adam(AdamOptions options) : GradientOptimiser({"m", "v"}), options_(options) {
  base::require(options.lr > 0 && options.eps >= 0 && options.weight_decay >= 0,
                "Adam needs lr > 0, eps >= 0 and weight_decay >= 0");
  base::require(options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1,
                "Adam needs beta1 and beta2 in [0, 1), not {} and {}", options.beta1,
                options.beta2);
}

void Adam::update(const std::vector<nn::NamedTensor>& tensors,
                  const std::vector<at::Tensor>& gradients, double rate) {
  const at::NoGradGuard no_gradients;
  for (Group& group : make_groups(memory_, tensors, gradients)) {
    const auto step = static_cast<double>(group.steps + 1);
    // sqrt(v) + eps_hat = sqrt(1 - beta2^t) (sqrt(v_corrected) + eps_hat / sqrt(1 - beta2^t)).
    const double asked = options_.eps_hat
                             ? options_.eps / std::sqrt(1 - std::pow(options_.beta2, step))
                             : options_.eps;
    const double eps = std::max(asked, least_root(group.tensors[0].scalar_type()));
    const at::Tensor count =
        at::full({}, step, at::device(group.tensors[0].device()).dtype(at::kFloat));
    const std::vector<at::Tensor> counts(group.tensors.size(), count);
    const auto fused =
        options_.decoupled ? at::_ops::_fused_adamw_::call : at::_ops::_fused_adam_::call;
    fused(group.tensors, group.gradients, group.quantity(0), group.quantity(1), {}, counts,
          options_.lr * rate, options_.beta1, options_.beta2, options_.weight_decay, eps,
          /*amsgrad=*/false, /*maximize=*/false, {}, {});
  }
}

std::string Adam::spec() const {
  return fmt::format("adam(lr={},beta1={},beta2={},eps={},weight_decay={},decoupled={},eps_hat={})",
                     options_.lr, options_.beta1, options_.beta2, options_.eps,
                     options_.weight_decay, options_.decoupled, options_.eps_hat);
}

AdamOptions read_adam_options(base::SpecReader& spec, bool adamw) {
  AdamOptions options{.weight_decay = adamw ? 0.01 : 0.0, .decoupled = adamw};
  options.lr = spec.number("lr", options.lr, 1e-12, 1e6);
  options.beta1 = spec.number("beta1", options.beta1, 0, 1 - 1e-12);
  options.beta2 = spec.number("beta2", options.beta2, 0, 1 - 1e-12);
  options.eps = spec.number("eps", options.eps, 0, 1);
  options.weight_decay = spec.number("weight_decay", options.weight_decay, 0, 1e6);
  options.decoupled = spec.flag("decoupled", options.decoupled);
  options.eps_hat = spec.flag("eps_hat", options.eps_hat);
  return options;
}

}  // namespace ranklens::optim
