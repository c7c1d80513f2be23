#include "ranklens/optim/low_rank/tangent_moments.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/transport.h"
#include "ranklens/tn/formats/mode_product.h"

namespace ranklens::optim {
namespace {

using Parts = std::vector<std::pair<const char*, at::Tensor*>>;

// What a tangent vector is held by; those after the first three say against what.
Parts parts_of(Gradient& z) { return {{"k", &z.k}, {"l", &z.l}, {"s", &z.s}}; }

Parts parts_of(TuckerGradient& z) {
  return {{"k_out", &z.k_out},
          {"k_in", &z.k_in},
          {"core", &z.core},
          {"rows_out", &z.rows.out},
          {"rows_in", &z.rows.in}};
}

constexpr std::size_t kVector = 3;  // the last of them is of the core

// `part`(k) of each of the three that x has, at the rows of x; nothing else of x.
template <class Known, class Part>
Known made_of(Known x, Part&& part) {
  Known made;
  const auto from = parts_of(x), into = parts_of(made);
  for (std::size_t k = 0; k < into.size(); ++k) {
    const auto& known = *from[k].second;
    *into[k].second = k < kVector && known.defined() ? part(k) : known;
  }
  return made;
}

// How many numbers a tangent vector has, (m + n - r) r where p = q = r.
double dimensions(const Gradient& gradient) {
  return static_cast<double>(gradient.k.numel() + gradient.l.numel() - gradient.s.numel());
}

at::Tensor mean_square(const Gradient& g) {
  const auto squared = [](const at::Tensor& part) { return at::linalg_vector_norm(part).square(); };
  const auto all = squared(g.k) + squared(g.l) - squared(g.s);
  return all.clamp_min(0) / dimensions(g);
}

at::Tensor mean_square(const TuckerGradient& g) {
  return at::scalar_tensor(projected_norm_squared(g) / dimensions(g), g.core.options());
}

// Momentum held against the rows that a gradient is held against; of what is known for its core
// alone, the core.
Gradient against_rows_of(const Gradient& gradient, const Gradient& moment) {
  if (!gradient.k.defined()) return {.s = moment.s};
  return moment;
}

TuckerGradient against_rows_of(const TuckerGradient& gradient, const TuckerGradient& moment) {
  const auto turned = [](const at::Tensor& k, const at::Tensor& from, const at::Tensor& to,
                         std::int64_t mode) {
    return at::matmul(k, at::matmul(tn::unfolding(from, mode), tn::unfolding(to, mode).t()));
  };
  if (!gradient.k_out.defined()) return {.core = moment.core, .rows = gradient.rows};
  return {.k_out = turned(moment.k_out, moment.rows.out, gradient.rows.out, 0),
          .k_in = turned(moment.k_in, moment.rows.in, gradient.rows.in, 1),
          .core = moment.core,
          .rows = gradient.rows};
}

// Without momentum a direction spans what its gradient does.
void keep_spans(Gradient& direction, const Gradient& gradient) {
  direction.k_span = gradient.k_span;
  direction.l_span = gradient.l_span;
}

void keep_spans(TuckerGradient&, const TuckerGradient&) {}

template <class Known>
bool is_defined(Known moment) {
  return parts_of(moment)[kVector - 1].second->defined();
}

// Momentum after a gradient at the point where it is. It may be that gradient's own tensors, which
// nothing writes to.
template <class Known>
Known advanced(const CoreRule& rule, const Known& moment, Known gradient) {
  const double kept = kept_momentum(rule), taken = taken_up(rule);
  const auto fresh = parts_of(gradient);
  if (kept == 0 || !is_defined(moment)) {
    return made_of(gradient, [&](std::size_t k) {
      return taken == 1 ? *fresh[k].second : *fresh[k].second * taken;
    });
  }
  Known turned = against_rows_of(gradient, moment);
  const auto old = parts_of(turned);
  return made_of(turned, [&](std::size_t k) {
    if (taken == 1) return at::add(*fresh[k].second, *old[k].second, kept);
    return at::lerp(*old[k].second, *fresh[k].second, taken);
  });
}

bool are_of(const Gradient& z, const LowRank& point) {
  return z.s.sizes() == point.s.sizes() && z.k.size(0) == point.u.size(0) &&
         z.l.size(0) == point.v.size(0);
}

bool are_of(const TuckerGradient& z, const TuckerKernel& point) {
  return z.core.sizes() == point.core.sizes() && z.k_out.size(0) == point.u.size(0) &&
         z.k_in.size(0) == point.v.size(0);
}

bool is_plain_descent(const CoreRule& rule) {
  return rule.kind == CoreRule::Kind::sgd && rule.momentum == 0;
}

}  // namespace

template <class Known, class Point>
Direction<Known> TangentMomentsOf<Known, Point>::direction(const CoreRule& rule,
                                                           const Known& gradient) {
  ++steps_;
  if (is_plain_descent(rule)) return {gradient};
  before_ = moment_;
  second_before_ = second_;
  return remember(rule, advanced(rule, before_, gradient), gradient);
}

template <class Known, class Point>
Direction<Known> TangentMomentsOf<Known, Point>::direction_at(const CoreRule& rule,
                                                              const Known& gradient,
                                                              const Transport& moved) const {
  if (is_plain_descent(rule)) return {gradient};
  Known found = momentum_at(rule, gradient, moved);
  if (rule.kind == CoreRule::Kind::sgd) return {found};
  // Over as many numbers as where the step began, whatever the bases have got since.
  const auto square = mean_square(gradient) * (dimensions(gradient) / dimensions(moment_));
  return {found, factor_for(rule, second_after(rule, square))};
}

template <class Known, class Point>
Direction<Known> TangentMomentsOf<Known, Point>::direction_at_end(const CoreRule& rule,
                                                                  const Known& gradient,
                                                                  const Transport& moved) {
  if (is_plain_descent(rule)) return {gradient};
  auto found = remember(rule, momentum_at(rule, gradient, moved), gradient);
  before_ = {};
  second_before_ = at::Tensor();
  return found;
}

template <class Known, class Point>
Known TangentMomentsOf<Known, Point>::momentum_at(const CoreRule& rule, const Known& gradient,
                                                  const Transport& moved) const {
  const bool remembers = kept_momentum(rule) > 0 && is_defined(before_);
  return advanced(rule, remembers ? moved(before_) : Known{}, gradient);
}

template <class Known, class Point>
Direction<Known> TangentMomentsOf<Known, Point>::remember(const CoreRule& rule, Known momentum,
                                                          const Known& gradient) {
  moment_ = std::move(momentum);
  if (rule.kind == CoreRule::Kind::sgd) return {moment_};
  second_ = second_after(rule, mean_square(gradient));
  factor_ = factor_for(rule, second_);
  Direction<Known> found{moment_, factor_};
  if (rule.beta1 == 0) keep_spans(found.along, gradient);
  return found;
}

template <class Known, class Point>
at::Tensor TangentMomentsOf<Known, Point>::second_after(const CoreRule& rule,
                                                        const at::Tensor& square) const {
  if (!second_before_.defined()) return (1 - rule.beta2) * square;
  return rule.beta2 * second_before_ + (1 - rule.beta2) * square;
}

// What Adam multiplies the momentum by; of a weight without a gradient, where it has no bound, as
// much as single precision holds together with a step's length.
template <class Known, class Point>
double TangentMomentsOf<Known, Point>::factor_for(const CoreRule& rule,
                                                  const at::Tensor& second) const {
  const auto t = static_cast<double>(steps_);
  const double mean = second.item<double>() / (1 - std::pow(rule.beta2, t));
  const double factor = 1 / ((std::sqrt(mean) + rule.eps) * (1 - std::pow(rule.beta1, t)));
  return std::min(factor, 1e30);
}

template <class Known, class Point>
double TangentMomentsOf<Known, Point>::gain(const CoreRule& rule) const {
  return taken_up(rule) * factor_;
}

template <class Known, class Point>
bool TangentMomentsOf<Known, Point>::fits(const Point& point) const {
  return !is_defined(moment_) || are_of(moment_, point);
}

template <class Known, class Point>
void TangentMomentsOf<Known, Point>::transport(const Point& from, const Point& to) {
  transport([&](const Known& moment) { return transported(moment, from, to); });
}

template <class Known, class Point>
void TangentMomentsOf<Known, Point>::transport(const Transport& moved) {
  before_ = {};
  second_before_ = at::Tensor();
  if (is_defined(moment_)) moment_ = moved(moment_);
}

template <class Known, class Point>
std::map<std::string, at::Tensor> TangentMomentsOf<Known, Point>::save() const {
  std::map<std::string, at::Tensor> saved;
  if (steps_ == 0) return saved;
  Known moment = moment_;
  for (const auto& [name, part] : parts_of(moment)) {
    if (part->defined()) saved[name] = *part;
  }
  if (second_.defined()) saved["second"] = second_;
  saved["steps"] = at::scalar_tensor(steps_, at::kLong);
  return saved;
}

template <class Known, class Point>
void TangentMomentsOf<Known, Point>::load(const std::map<std::string, at::Tensor>& saved) {
  *this = {};
  const auto found = [&](const char* name) {
    const auto at = saved.find(name);
    return at == saved.end() ? at::Tensor() : at->second;
  };
  std::size_t defined = 0;
  const auto parts = parts_of(moment_);
  for (const auto& [name, part] : parts) defined += (*part = found(name)).defined() ? 1 : 0;
  second_ = found("second");
  const at::Tensor steps = found("steps");
  base::require(saved.empty() || (steps.defined() && steps.scalar_type() == at::kLong),
                "a tangent's moments lack their number of steps");
  if (steps.defined()) steps_ = steps.item<std::int64_t>();
  base::require(defined == 0 || defined == parts.size(),
                "a tangent's momentum is all of its parts together");
}

template class TangentMomentsOf<Gradient, LowRank>;
template class TangentMomentsOf<TuckerGradient, TuckerKernel>;

}  // namespace ranklens::optim
