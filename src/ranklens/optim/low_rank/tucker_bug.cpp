// Basis-update and Galerkin integrators of kernels in Tucker-2 form.
#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/bases.h"
#include "ranklens/optim/low_rank/orthonormalise.h"
#include "ranklens/optim/low_rank/tucker_integrator.h"
#include "ranklens/tn/formats/mode_product.h"

namespace ranklens::optim {
namespace {

void kernel_core_step(TuckerStep& step, const TuckerGradient& gradient) {
  step.point.core = step.moved(step.point.core, gradient.core);
}

void replace_kernel_bases(TuckerStep& step, const TuckerGradient& gradient) {
  const auto& [u, core, v] = step.point;
  const auto left =
      orthonormal_columns(k_of(u, core, gradient.rows.out, 0) - step.size * gradient.k_out);
  const auto right =
      orthonormal_columns(k_of(v, core, gradient.rows.in, 1) - step.size * gradient.k_in);
  const auto moved = contracted(core, at::matmul(u.t(), left), at::matmul(v.t(), right));
  step.point = {left, moved, right};
}

// [U | K after its step] spans what [U | its gradient] does: K lies in the span of U.
void augment_kernel(TuckerStep& step, const TuckerGradient& gradient) {
  step.point = widened(step.point, complement(step.point.u, gradient.k_out),
                       complement(step.point.v, gradient.k_in));
}

void parallel_kernel_step(TuckerStep& step, const TuckerGradient& gradient) {
  const auto& [u, core, v] = step.point;
  const auto p = core.size(0), q = core.size(1);
  const auto left = complement(u, gradient.k_out), right = complement(v, gradient.k_in);
  // New directions are orthogonal to the old bases, so of K after its step only the gradient is
  // left there; where both modes are new, nothing is.
  const auto out = at::matmul(left.t(), gradient.k_out);
  const auto in = at::matmul(right.t(), gradient.k_in);
  auto wide = padded(core - step.size * gradient.core, p + left.size(1), q + right.size(1));
  wide.narrow(0, p, left.size(1))
      .narrow(1, 0, q)
      .copy_(-step.size * contracted(gradient.rows.out, out.t(), at::eye(q, core.options())));
  wide.narrow(0, 0, p)
      .narrow(1, q, right.size(1))
      .copy_(-step.size * contracted(gradient.rows.in, at::eye(p, core.options()), in.t()));
  step.point = widened(step.point, left, right);
  step.point.core = std::move(wide);
}

}  // namespace

TuckerIntegrator tucker_fixed_rank_bug() {
  return {.stages = {replace_kernel_bases, {kernel_core_step, Reads::core}},
          .augments = false,
          .widens = false};
}

TuckerIntegrator tucker_augmented_bug() {
  return {.stages = {augment_kernel, {kernel_core_step, Reads::core}}};
}

TuckerIntegrator tucker_two_pass_bug(int core_steps) {
  base::require(core_steps >= 1, "a step has at least 1 step of the core, not {}", core_steps);
  TuckerIntegrator made{.stages = {[](TuckerStep& step, const TuckerGradient& gradient) {
                          augment_kernel(step, gradient);
                          base::require(static_cast<bool>(gradient.between),
                                        "this step needs the gradient between other bases, which "
                                        "is not at hand");
                          const auto& [u, core, v] = step.point;
                          step.point.core = step.moved(core, gradient.between(u, v));
                        }}};
  for (int k = 1; k < core_steps; ++k) made.stages.emplace_back(kernel_core_step, Reads::core);
  return made;
}

TuckerIntegrator tucker_parallel_bug() { return {.stages = {parallel_kernel_step}}; }

TuckerIntegrator tucker_core_alone() {
  return {.stages = {{kernel_core_step, Reads::core}}, .augments = false};
}

}  // namespace ranklens::optim
