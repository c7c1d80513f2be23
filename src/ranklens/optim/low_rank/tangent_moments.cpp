#include "ranklens/optim/low_rank/tangent_moments.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

Gradient combined(double a, const Gradient& x, double b, const Gradient& y) {
  return {.k = a * x.k + b * y.k, .l = a * x.l + b * y.l, .s = a * x.s + b * y.s};
}

Gradient scaled(const Gradient& x, const at::Tensor& factor) {
  return {.k = x.k * factor, .l = x.l * factor, .s = x.s * factor};
}

// (m + n - r) r: how many numbers a tangent vector has.
double dimensions(const Gradient& gradient) {
  const auto r = gradient.s.size(0);
  return static_cast<double>(r * (gradient.k.size(0) + gradient.l.size(0) - r));
}

at::Tensor squared_norm(const Gradient& g) {
  return (g.k.square().sum() + g.l.square().sum() - g.s.square().sum()).clamp_min(0);
}

}  // namespace

Gradient transported(const Gradient& z, const LowRank& from, const LowRank& to) {
  const auto u = at::matmul(from.u.t(), to.u), v = at::matmul(from.v.t(), to.v);
  // Z = K V^T + U L^T - U M V^T.
  const auto k =
      at::matmul(z.k, v) + at::matmul(from.u, at::matmul(z.l.t(), to.v) - at::matmul(z.s, v));
  const auto l =
      at::matmul(z.l, u) + at::matmul(from.v, at::matmul(z.k.t(), to.u) - at::matmul(z.s.t(), u));
  return {.k = k, .l = l, .s = at::matmul(to.u.t(), k)};
}

Gradient TangentMoments::direction(const CoreRule& rule, const Gradient& gradient) {
  ++steps_;
  if (rule.kind == CoreRule::Kind::sgd) {
    if (rule.momentum == 0) return gradient;
    moment_ = moment_.k.defined() ? combined(rule.momentum, moment_, 1, gradient)
                                  : combined(1, gradient, 0, gradient);
    return moment_;
  }
  const auto square = squared_norm(gradient) / dimensions(gradient);
  if (!moment_.k.defined()) moment_ = combined(0, gradient, 0, gradient);
  if (!second_.defined()) second_ = at::zeros_like(square);
  moment_ = combined(rule.beta1, moment_, 1 - rule.beta1, gradient);
  second_ = rule.beta2 * second_ + (1 - rule.beta2) * square;
  const auto t = static_cast<double>(steps_);
  const auto root = (second_ / (1 - std::pow(rule.beta2, t))).sqrt() + rule.eps;
  return scaled(moment_, root.reciprocal() / (1 - std::pow(rule.beta1, t)));
}

void TangentMoments::transport(const LowRank& from, const LowRank& to) {
  if (moment_.k.defined()) moment_ = transported(moment_, from, to);
}

std::map<std::string, at::Tensor> TangentMoments::save() const {
  std::map<std::string, at::Tensor> saved;
  if (steps_ == 0) return saved;
  if (moment_.k.defined()) {
    saved["k"] = moment_.k;
    saved["l"] = moment_.l;
    saved["s"] = moment_.s;
  }
  if (second_.defined()) saved["second"] = second_;
  saved["steps"] = at::scalar_tensor(steps_, at::kLong);
  return saved;
}

void TangentMoments::load(const std::map<std::string, at::Tensor>& saved) {
  *this = {};
  const auto part = [&](const char* name) {
    const auto found = saved.find(name);
    return found == saved.end() ? at::Tensor() : found->second;
  };
  moment_ = {.k = part("k"), .l = part("l"), .s = part("s")};
  second_ = part("second");
  const auto steps = part("steps");
  base::require(saved.empty() || (steps.defined() && steps.scalar_type() == at::kLong),
                "a tangent's moments lack their number of steps");
  if (steps.defined()) steps_ = steps.item<std::int64_t>();
  base::require(
      moment_.k.defined() == moment_.l.defined() && moment_.k.defined() == moment_.s.defined(),
      "a tangent's momentum is k, l and s together");
}

}  // namespace ranklens::optim
