#pragma once

#include <functional>
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
/// The same where the other bases are of a point that was widened and turned, U1 = [U | U~] P and
/// V1 = [V | V~] Q, every basis orthonormal: then products of old bases with new ones are known,
/// and four products with tall matrices are left of nine. `wide` has [U | U~] and [V | V~].
Gradient transported(const Gradient& z, const LowRank& from, const LowRank& wide,
                     const at::Tensor& left, const at::Tensor& right);
/// The first of a kernel's tangent vector.
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
  /// step began with is projected to there, both moments take up that gradient in place of the
  /// first, and nothing is remembered. So a method of several evaluations integrates one field, and
  /// where the gradient has grown since the step began a part of it is no longer for that.
  Known direction_at(const CoreRule& rule, const Known& gradient, const Point& start,
                     const Point& now) const;
  /// What the last direction() multiplied the new gradient by.
  double gain(const CoreRule& rule) const;
  void transport(const Point& from, const Point& to);
  /// To a point that `moved` gives tangent vectors of this one at: a transport that knows more.
  void transport(const std::function<Known(const Known&)>& moved);

  /// By name: "k", "l", "s" (of a kernel "k_out", "k_in", "core" and the rows they are held
  /// against), "second", "steps"; empty before the first step.
  std::map<std::string, at::Tensor> save() const;
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  at::Tensor second_after(const CoreRule& rule, const at::Tensor& square) const;
  at::Tensor scale_for(const CoreRule& rule, const at::Tensor& second) const;

  Known moment_, before_;  ///< now, and when the step began
  at::Tensor second_, second_before_, scale_;
  std::int64_t steps_ = 0;
};

using TangentMoments = TangentMomentsOf<Gradient, LowRank>;
using TuckerTangentMoments = TangentMomentsOf<TuckerGradient, TuckerKernel>;

}  // namespace ranklens::optim
