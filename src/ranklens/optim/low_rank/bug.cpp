// Basis-update and Galerkin integrators: new bases from a step of K and of L, then a step of the
// core.
#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/bases.h"
#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/low_rank/orthonormalise.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

at::Tensor moved_core(const Step& step, const at::Tensor& gradient) {
  return step.moved(step.point.s, gradient);
}

void core_step(Step& step, const Gradient& gradient) {
  step.point.s = moved_core(step, gradient.s);
}

at::Tensor k_after(const Step& step, const Gradient& gradient) {
  return tn::tall_times(step.point.u, step.point.s).sub_(gradient.k, step.size);
}

at::Tensor l_after(const Step& step, const Gradient& gradient) {
  return tn::tall_times(step.point.v, step.point.s.t()).sub_(gradient.l, step.size);
}

// The start projected onto the spans of K and L after their steps.
void replace_bases(Step& step, const Gradient& gradient) {
  const auto u = orthonormal_columns(k_after(step, gradient));
  const auto v = orthonormal_columns(l_after(step, gradient));
  const auto& start = step.start;
  step.left_overlap = tn::tall_gram(start.u, u);
  step.right_overlap = tn::tall_gram(start.v, v);
  step.point = {u, at::matmul(at::matmul(step.left_overlap.t(), start.s), step.right_overlap), v};
}

at::Tensor held_gradient(const Step& step, const Gradient& gradient) {
  base::require(static_cast<bool>(gradient.between),
                "this step needs the gradient between other bases, which is not at hand");
  return gradient.between(step.point.u, step.point.v);
}

}  // namespace

Integrator fixed_rank_bug(CoreGradient core) {
  if (core == CoreGradient::fresh) {
    return {.stages = {replace_bases, core_step},
            .augments = false,
            .widens = false,
            .evaluates_at_end = true};
  }
  const Stage both = [](Step& step, const Gradient& gradient) {
    replace_bases(step, gradient);
    step.point.s = moved_core(step, held_gradient(step, gradient));
  };
  return {.stages = {both}, .augments = false, .widens = false};
}

Integrator augmented_bug(CoreGradient core) {
  // [U0 | K1] spans what [U0 | gK] does, and likewise for V.
  const Stage augment = [](Step& step, const Gradient& gradient) {
    step.point =
        widened(step.point, new_left(step.point, gradient), new_right(step.point, gradient));
  };
  if (core == CoreGradient::fresh) return {.stages = {augment, {core_step, Reads::core}}};
  return {.stages = {[augment](Step& step, const Gradient& gradient) {
            augment(step, gradient);
            step.point.s = moved_core(step, held_gradient(step, gradient));
          }}};
}

Integrator two_pass_bug(int core_steps) {
  base::require(core_steps >= 1, "a step has at least 1 step of the core, not {}", core_steps);
  const Stage first = [](Step& step, const Gradient& gradient) {
    const auto left = new_left(step.point, gradient), right = new_right(step.point, gradient);
    const auto core_gradient = widened_core_gradient(gradient, left, right);
    step.point = widened(step.point, left, right);
    step.point.s = moved_core(step, core_gradient);
  };
  Integrator made{.stages = {first}};
  for (int k = 1; k < core_steps; ++k) made.stages.emplace_back(core_step, Reads::core);
  return made;
}

Integrator core_alone() { return {.stages = {{core_step, Reads::core}}, .augments = false}; }

Integrator midpoint_bug() {
  const Stage half = [](Step& step, const Gradient& gradient) {
    Step by_half = step;
    by_half.size /= 2;
    step.point = widened(step.point, complement(step.point.u, k_after(by_half, gradient)),
                         complement(step.point.v, l_after(by_half, gradient)));
  };
  const Stage half_core = [](Step& step, const Gradient& gradient) {
    step.point.s = step.point.s - step.size / 2 * gradient.s;
  };
  // The bases at half time begin with those of the start, so the start keeps its core, padded.
  const Stage whole = [](Step& step, const Gradient& gradient) {
    const auto left = complement(step.point.u, gradient.k);
    const auto right = complement(step.point.v, gradient.l);
    const auto core_gradient = widened_core_gradient(gradient, left, right);
    const auto p = step.start.s.size(0), q = step.start.s.size(1);
    step.point =
        widened(LowRank{step.point.u, at::zeros_like(step.point.s), step.point.v}, left, right);
    step.point.s.narrow(0, 0, p).narrow(1, 0, q).copy_(step.start.s);
    step.point.s = moved_core(step, core_gradient);
  };
  return {.stages = {half, half_core, whole}};
}

}  // namespace ranklens::optim
