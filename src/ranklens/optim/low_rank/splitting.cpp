// Integrators that take the parts of the tangent projection apart: one after the other, or all from
// one gradient.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>

#include "ranklens/optim/low_rank/bases.h"
#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/low_rank/orthonormalise.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

// U1 S^ = K0 - size gK.
void split_k(Step& step, const Gradient& gradient) {
  const auto moved = tn::qr(at::matmul(step.point.u, step.point.s) - step.size * gradient.k);
  step.point.u = moved.q;
  step.point.s = moved.r;
}

// Backward in time: against the direction of the other two.
void split_s(Step& step, const Gradient& gradient) {
  step.point.s = step.point.s + step.size * gradient.s;
}

void split_l(Step& step, const Gradient& gradient) {
  const auto moved = tn::qr(at::matmul(step.point.v, step.point.s.t()) - step.size * gradient.l);
  step.point.v = moved.q;
  step.point.s = moved.r.t();
}

}  // namespace

Integrator parallel_bug() {
  return {.stages = {[](Step& step, const Gradient& gradient) {
            const LowRank& at = step.point;
            const auto left = new_left(at, gradient), right = new_right(at, gradient);
            const auto s = at.s - step.size * gradient.s;
            // U~ and V~ are orthogonal to U0 and V0, so of K1 and L1 only the gradient is left.
            const auto upper = at::cat({s, -step.size * tn::tall_gram(gradient.l, right)}, 1);
            const auto lower = at::cat({-step.size * tn::tall_gram(left, gradient.k),
                                        at.s.new_zeros({left.size(1), right.size(1)})},
                                       1);
            step.point = {at::cat({at.u, left}, 1), at::cat({upper, lower}, 0),
                          at::cat({at.v, right}, 1)};
          }}};
}

Integrator projector_splitting(CoreGradient core) {
  if (core == CoreGradient::fresh)
    return {
        .stages = {split_k, {split_s, Reads::core}, split_l}, .augments = false, .widens = false};
  const Stage all = [](Step& step, const Gradient& gradient) {
    const auto old_v = step.point.v;
    split_k(step, gradient);
    split_s(step, {.s = at::matmul(step.point.u.t(), gradient.k)});
    split_l(step,
            {.l = gradient.between(step.point.u, at::eye(old_v.size(0), old_v.options())).t()});
  };
  return {.stages = {all}, .augments = false, .widens = false};
}

Integrator abc_projector_splitting() {
  const Stage k = [](Step& step, const Gradient& gradient) {
    const auto moved = at::matmul(step.point.u, step.point.s) - step.size * gradient.k;
    const auto left = complement(step.point.u, moved);
    step.point = widened(step.point, left, step.point.v.new_empty({step.point.v.size(0), 0}));
  };
  return {.stages = {k, split_l}, .widens = false};
}

}  // namespace ranklens::optim
