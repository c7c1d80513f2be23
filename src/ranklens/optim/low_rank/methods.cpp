#include "ranklens/optim/low_rank/methods.h"

#include "ranklens/optim/low_rank/layers.h"

namespace ranklens::optim {
namespace {

using Method = LowRankOptions::Method;

}  // namespace

Integrator integrator_for(const LowRankOptions& options) {
  switch (options.method) {
    case Method::bug:
      return two_pass_bug(options.core_steps);
    case Method::augmented_bug:
      return augmented_bug();
    case Method::fixed_bug:
      return fixed_rank_bug();
    case Method::parallel_bug:
      return parallel_bug();
    case Method::psi:
      return projector_splitting();
    case Method::abc_psi:
      return abc_projector_splitting();
    case Method::core:
      return core_alone();
  }
  return {};
}

TuckerIntegrator tucker_integrator_for(const LowRankOptions& options) {
  switch (options.method) {
    case Method::bug:
      return tucker_two_pass_bug(options.core_steps);
    case Method::augmented_bug:
      return tucker_augmented_bug();
    case Method::fixed_bug:
      return tucker_fixed_rank_bug();
    case Method::parallel_bug:
      return tucker_parallel_bug();
    case Method::core:
      return tucker_core_alone();
    case Method::psi:
    case Method::abc_psi:
      break;
  }
  return {};
}

bool moves_core(Method method) {
  return method == Method::bug || method == Method::augmented_bug || method == Method::core;
}

bool has_core_moments(const LowRankOptions& options) {
  return options.method == Method::core ||
         (moves_core(options.method) && options.rule.second == CoreRule::SecondMoment::entry);
}

bool moves_whole(std::string_view method, const nn::Weight& weight) {
  if (!is_low_rank_method(method)) return false;
  if (is_tucker_kernel(weight)) {
    return method != to_string(Method::psi) && method != to_string(Method::abc_psi);
  }
  return weight->kind() == "low_rank" || weight->kind() == "tucker";
}

}  // namespace ranklens::optim
