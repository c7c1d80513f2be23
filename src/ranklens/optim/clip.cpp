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

// Scales them where their norm is above the most that it may be.
double clipped(const std::vector<at::Tensor>& gradients, double norm, double most) {
  base::require(most > 0, "gradients are clipped to a norm above 0, not {}", most);
  const at::NoGradGuard no_gradients;
  if (norm > most) {
    const auto all = defined(gradients);
    at::_foreach_mul_(all, most / norm);
  }
  return norm;
}

}  // namespace

double global_norm(const std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_gradients;
  const auto all = defined(gradients);
  if (all.empty()) return 0;
  return at::stack(at::_foreach_norm(all)).to(at::kDouble).norm().item<double>();
}

double global_norm(const nn::State& state, const std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> plain;
  double overlapping = 0;
  auto next = gradients.begin();
  for (const auto& name : state.names()) {
    const auto& entry = state.at(name);
    if (entry.buffer || !entry.trainable) continue;
    const auto count = static_cast<std::ptrdiff_t>(entry.weight->factors().size());
    base::require(gradients.end() - next >= count, "there are too few gradients for '{}'", name);
    const std::vector<at::Tensor> parts(next, next + count);
    next += count;
    const auto* whole = dynamic_cast<const OverlappingGradients*>(&*entry.weight);
    const bool reached = defined(parts).size() == parts.size();
    if (whole != nullptr && reached) {
      overlapping += whole->norm_squared(parts);
    } else {
      plain.insert(plain.end(), parts.begin(), parts.end());
    }
  }
  const double rest = global_norm(plain);
  return overlapping == 0 ? rest : std::sqrt(rest * rest + overlapping);
}

void make_own(std::vector<at::Tensor>& gradients) {
  const at::NoGradGuard no_gradients;
  for (auto& gradient : gradients) {
    const bool shared =
        gradient.defined() && (gradient.use_count() > 1 || gradient.storage().use_count() > 1);
    if (shared) gradient = gradient.clone();
  }
}

double clip_norm(const std::vector<at::Tensor>& gradients, double most) {
  return clipped(gradients, global_norm(gradients), most);
}

double clip_norm(const nn::State& state, const std::vector<at::Tensor>& gradients, double most) {
  return clipped(gradients, global_norm(state, gradients), most);
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
