#include "ranklens/optim/low_rank/tangent_moments.h"

#include <cmath>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>

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

// a x + b y; both at the same point, held against the same rows.
template <class Known>
Known combined(double a, Known x, double b, Known y) {
  const auto first = parts_of(x), other = parts_of(y);
  return made_of(
      x, [&](std::size_t k) { return at::mul(*first[k].second, a).add_(*other[k].second, b); });
}

template <class Known>
Known scaled(Known x, const at::Tensor& factor) {
  const auto parts = parts_of(x);
  return made_of(x, [&](std::size_t k) { return *parts[k].second * factor; });
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

// Momentum held against the rows that a gradient is held against.
Gradient against_rows_of(const Gradient&, const Gradient& moment) { return moment; }

TuckerGradient against_rows_of(const TuckerGradient& gradient, const TuckerGradient& moment) {
  const auto turned = [](const at::Tensor& k, const at::Tensor& from, const at::Tensor& to,
                         std::int64_t mode) {
    return at::matmul(k, at::matmul(tn::unfolding(from, mode), tn::unfolding(to, mode).t()));
  };
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

double taken(const CoreRule& rule) { return rule.kind == CoreRule::Kind::sgd ? 1 : 1 - rule.beta1; }

// Momentum after a gradient at the point where it is.
template <class Known>
Known advanced(const CoreRule& rule, const Known& moment, const Known& gradient) {
  const double kept = kept_momentum(rule);
  if (kept == 0 || !is_defined(moment)) return combined(0, gradient, taken(rule), gradient);
  return combined(kept, against_rows_of(gradient, moment), taken(rule), gradient);
}

bool is_plain_descent(const CoreRule& rule) {
  return rule.kind == CoreRule::Kind::sgd && rule.momentum == 0;
}

}  // namespace

template <class Known, class Point>
Known TangentMomentsOf<Known, Point>::direction(const CoreRule& rule, const Known& gradient) {
  ++steps_;
  if (is_plain_descent(rule)) return gradient;
  before_ = moment_;
  moment_ = advanced(rule, before_, gradient);
  if (rule.kind == CoreRule::Kind::sgd) return moment_;
  const auto square = mean_square(gradient);
  second_before_ = second_.defined() ? second_ : at::zeros_like(square);
  second_ = second_after(rule, square);
  scale_ = scale_for(rule, second_);
  auto found = scaled(moment_, scale_);
  if (rule.beta1 == 0) keep_spans(found, gradient);
  return found;
}

template <class Known, class Point>
at::Tensor TangentMomentsOf<Known, Point>::second_after(const CoreRule& rule,
                                                        const at::Tensor& square) const {
  return rule.beta2 * second_before_ + (1 - rule.beta2) * square;
}

// What Adam multiplies the momentum by.
template <class Known, class Point>
at::Tensor TangentMomentsOf<Known, Point>::scale_for(const CoreRule& rule,
                                                     const at::Tensor& second) const {
  const auto t = static_cast<double>(steps_);
  const auto root = (second / (1 - std::pow(rule.beta2, t))).sqrt() + rule.eps;
  return root.reciprocal() / (1 - std::pow(rule.beta1, t));
}

template <class Known, class Point>
Known TangentMomentsOf<Known, Point>::direction_at(const CoreRule& rule, const Known& gradient,
                                                   const Transport& moved) const {
  if (is_plain_descent(rule)) return gradient;
  const bool remembers = kept_momentum(rule) > 0 && is_defined(before_);
  auto found = advanced(rule, remembers ? moved(before_) : Known{}, gradient);
  if (rule.kind == CoreRule::Kind::sgd) return found;
  // Over as many numbers as where the step began, whatever the bases have got since.
  const auto square = mean_square(gradient) * (dimensions(gradient) / dimensions(moment_));
  return scaled(found, scale_for(rule, second_after(rule, square)));
}

template <class Known, class Point>
double TangentMomentsOf<Known, Point>::gain(const CoreRule& rule) const {
  return taken(rule) * (scale_.defined() ? scale_.item<double>() : 1.0);
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
