#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/low_rank/core_moments.h"
#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

/// A tangent vector Z = P Z at U S V^T, held as Z V, Z^T U and U^T Z V, seen from other bases: what
/// P1 Z is at the point with bases U1, V1. O((m + n) r^2); Z is never formed.
Gradient transported(const Gradient& z, const LowRank& from, const LowRank& to);
/// The same of a kernel's tangent vector.
TuckerGradient transported(const TuckerGradient& z, const TuckerKernel& from,
                           const TuckerKernel& to);

/// Momentum and second moment of a whole weight: the momentum is a tangent vector, moved to the new
/// point by projection; the second moment is one number, the mean square of the projected gradient
/// over the dimensions of the tangent space, so that steps do not depend on how the bases are
/// turned.
template <class Known, class Point>
class TangentMomentsOf {
 public:
  /// The direction to step against, from the gradient at the start of a step.
  Known direction(const CoreRule& rule, const Known& gradient);
  /// The same field at another point of that step, from the gradient there: the momentum that the
  /// step began with is projected to there, the second moment stays, and nothing is remembered. So
  /// a method of several evaluations integrates one field, and its parts, some of which take back
  /// what others did, are of one scale.
  Known direction_at(const CoreRule& rule, const Known& gradient, const Point& start,
                     const Point& now) const;
  /// What the last direction() multiplied the new gradient by.
  double gain(const CoreRule& rule) const;
  void transport(const Point& from, const Point& to);

  /// By name: "k", "l", "s" (of a kernel "k_out", "k_in", "core" and the rows they are held
  /// against), "second", "steps"; empty before the first step.
  std::map<std::string, at::Tensor> save() const;
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  Known moment_, before_;  ///< now, and when the step began
  at::Tensor second_, scale_;
  std::int64_t steps_ = 0;
};

using TangentMoments = TangentMomentsOf<Gradient, LowRank>;
using TuckerTangentMoments = TangentMomentsOf<TuckerGradient, TuckerKernel>;

}  // namespace ranklens::optim
