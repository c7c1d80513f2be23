#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// How a core S moves against its gradient.
struct CoreRule {
  enum class Kind { sgd, adam };
  /// What Adam's second moment is. One number for the whole core does not depend on how the bases
  /// are turned; one an entry is carried through a change of bases as the square of its rotated
  /// root, which is a rule of thumb (an entrywise square is no tensor), no entry below a tenth of
  /// the mean.
  enum class SecondMoment { layer, entry };

  Kind kind = Kind::adam;
  SecondMoment second = SecondMoment::layer;
  double momentum = 0;  ///< of sgd: v <- momentum v + g, S <- S - rate v
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  /// As in the rules for dense tensors: sgd adds weight_decay * S to the gradient, before momentum;
  /// adam is decoupled, S <- S - rate * weight_decay * S. Decay of U S V^T acts on S alone.
  double weight_decay = 0;
};

/// The share of the momentum that a step keeps, momentum or beta1.
inline double kept_momentum(const CoreRule& rule) {
  return rule.kind == CoreRule::Kind::sgd ? rule.momentum : rule.beta1;
}

/// The share of a new gradient that the momentum takes up.
inline double taken_up(const CoreRule& rule) {
  return rule.kind == CoreRule::Kind::sgd ? 1 : 1 - rule.beta1;
}

/// What the rule of a core [p, q] or [p, q, height, width] remembers, through changes of the bases.
class CoreMoments {
 public:
  /// The core after one step.
  at::Tensor step(const CoreRule& rule, const at::Tensor& core, const at::Tensor& gradient,
                  double rate);
  /// Whether they are of a core of this size, or of none yet.
  bool fits(const at::Tensor& core) const;
  /// The bases have got new columns behind the old ones: [rows, columns, ...] of the core now.
  void widen(std::int64_t rows, std::int64_t columns);
  /// The bases were turned: U <- U left, V <- V right.
  void turn(const at::Tensor& left, const at::Tensor& right);

  /// By name: "moment", "second", "steps"; empty before the first step.
  std::map<std::string, at::Tensor> save() const;
  /// An Error for a quantity of another name.
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  at::Tensor moment_, second_;
  std::int64_t steps_ = 0;
};

}  // namespace ranklens::optim
