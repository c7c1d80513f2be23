#include "ranklens/optim/clip.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_clamp_max.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/stack.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

std::vector<at::Tensor> defined(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> kept;
  for (const auto& gradient : gradients) {
    if (gradient.defined()) kept.push_back(gradient);
  }
  return kept;
}

}  // namespace

double global_norm(const std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_gradients;
  const auto all = defined(gradients);
  if (all.empty()) return 0;
  return at::stack(at::_foreach_norm(all)).to(at::kDouble).norm().item<double>();
}

double clip_norm(const std::vector<at::Tensor>& gradients, double most) {
  base::require(most > 0, "gradients are clipped to a norm above 0, not {}", most);
  const at::NoGradGuard no_gradients;
  const double norm = global_norm(gradients);
  if (norm > most) {
    const auto all = defined(gradients);
    at::_foreach_mul_(all, most / norm);
  }
  return norm;
}

void clip_value(const std::vector<at::Tensor>& gradients, double most) {
  base::require(most > 0, "gradients are clipped to a value above 0, not {}", most);
  const at::NoGradGuard no_gradients;
  const auto all = defined(gradients);
  if (all.empty()) return;
  at::_foreach_clamp_max_(all, most);
  at::_foreach_clamp_min_(all, -most);
}

}  // namespace ranklens::optim
