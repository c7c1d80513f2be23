#pragma once

#include <functional>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/low_rank/core_moments.h"
#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

/// What to step against: a tangent vector, and what the step's length is multiplied by, so that
/// nothing tall is written for it.
template <class Known>
struct Direction {
  Known along;
  double factor = 1;
};

/// Momentum and second moment of a whole weight: the momentum is a tangent vector, moved to the new
/// point by projection; the second moment is one number, the mean square of the projected gradient
/// over the dimensions of the tangent space, so that steps do not depend on how the bases are
/// turned.
template <class Known, class Point>
class TangentMomentsOf {
 public:
  /// Tangent vectors of one point as seen from another.
  using Transport = std::function<Known(const Known&)>;

  /// The direction to step against, from the gradient at the start of a step.
  Direction<Known> direction(const CoreRule& rule, const Known& gradient);
  /// The same field at another point of that step, from the gradient there: the momentum that the
  /// step began with is projected to there, both moments take up that gradient in place of the
  /// first, and nothing is remembered. So a method of several evaluations integrates one field, and
  /// where the gradient has grown since the step began a part of it is no longer for that.
  /// `moved` projects a tangent vector of the start to there, or as much of it as is wanted: what
  /// it leaves undefined is undefined in the direction.
  Direction<Known> direction_at(const CoreRule& rule, const Known& gradient,
                                const Transport& moved) const;
  /// The same, and remembered, at a point whose tangent space is that of the step's end: nothing is
  /// left to transport. Of as many dimensions as the start's.
  Direction<Known> direction_at_end(const CoreRule& rule, const Known& gradient,
                                    const Transport& moved);
  /// What the last direction() multiplied the new gradient by.
  double gain(const CoreRule& rule) const;
  /// Whether they are of a point of these sizes, or of none yet.
  bool fits(const Point& point) const;
  void transport(const Point& from, const Point& to);
  /// To a point that `moved` gives tangent vectors of this one at: a transport that knows more.
  void transport(const Transport& moved);

  /// By name: "k", "l", "s" (of a kernel "k_out", "k_in", "core" and the rows they are held
  /// against), "second", "steps"; empty before the first step.
  std::map<std::string, at::Tensor> save() const;
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  Known momentum_at(const CoreRule& rule, const Known& gradient, const Transport& moved) const;
  at::Tensor second_after(const CoreRule& rule, const at::Tensor& square) const;
  double factor_for(const CoreRule& rule, const at::Tensor& second) const;
  Direction<Known> remember(const CoreRule& rule, Known momentum, const Known& gradient);

  Known moment_, before_;  ///< now, and when the step began
  at::Tensor second_, second_before_;
  double factor_ = 1;  ///< of the last direction that was remembered
  std::int64_t steps_ = 0;
};

using TangentMoments = TangentMomentsOf<Gradient, LowRank>;
using TuckerTangentMoments = TangentMomentsOf<TuckerGradient, TuckerKernel>;

}  // namespace ranklens::optim
