#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/low_rank/core_moments.h"
#include "ranklens/optim/low_rank/low_rank.h"

namespace ranklens::optim {

/// A tangent vector Z = P Z at U S V^T, held as Z V, Z^T U and U^T Z V, seen from other bases: what
/// P1 Z is at the point with bases U1, V1. O((m + n) r^2); Z is never formed.
Gradient transported(const Gradient& z, const LowRank& from, const LowRank& to);

/// Momentum and second moment of a method that takes one gradient a step: the momentum is a tangent
/// vector, moved to the new point by projection; the second moment is one number, the mean square
/// of the projected gradient over the dimensions of the tangent space, so that steps do not depend
/// on how the bases are turned.
class TangentMoments {
 public:
  /// The direction to step against.
  Gradient direction(const CoreRule& rule, const Gradient& gradient);
  void transport(const LowRank& from, const LowRank& to);

  /// By name: "k", "l", "s", "second", "steps"; empty before the first step.
  std::map<std::string, at::Tensor> save() const;
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  Gradient moment_;
  at::Tensor second_;
  std::int64_t steps_ = 0;
};

}  // namespace ranklens::optim
