#pragma once

#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// A step of a weight in work, a matrix or a kernel: its point W and what is known of the gradient
/// there. Every integrator moves W against its gradient by `size`; integrating dW/dt = F(W) over a
/// time h is the same with G = -F and size h.
template <class Point>
struct StepOf {
  Point start;
  /// Where the next gradient is wanted; after the last stage: where the step has led, before
  /// anything is truncated.
  Point point;
  double size = 0;  ///< stages leave it as it is
  /// What a step on the core alone does: the core, its gradient, the size. Default: core - size *
  /// gradient.
  std::function<at::Tensor(const at::Tensor& core, const at::Tensor& gradient, double size)>
      move_core = {};
  /// The start's bases times the point's, start.u^T point.u and start.v^T point.v, where a stage
  /// that gave the point its last bases knows them.
  at::Tensor left_overlap = {}, right_overlap = {};

  at::Tensor moved(const at::Tensor& core, const at::Tensor& gradient) const {
    return move_core ? move_core(core, gradient, size) : core - size * gradient;
  }
};

/// What of a gradient, and of the momentum beside it, a stage reads.
enum class Reads { all, core };

/// What is done with the gradient at step.point.
template <class Point, class Known>
struct StageOf {
  using Apply = std::function<void(StepOf<Point>& step, const Known& gradient)>;
  template <class Function>
    requires std::is_convertible_v<Function, Apply>
  StageOf(Function function, Reads what = Reads::all) : apply(std::move(function)), reads(what) {}

  void operator()(StepOf<Point>& step, const Known& gradient) const { apply(step, gradient); }

  Apply apply;
  Reads reads;
};

/// One step as the list of its gradient evaluations: all weights of a network go through the same
/// stage together.
template <class Point, class Known>
struct IntegratorOf {
  std::vector<StageOf<Point, Known>> stages;
  /// Whether the rank before truncation is larger than the one at the start; where it is not,
  /// nothing is cut off, and the core stays as it is, not diagonal.
  bool augments = true;
  /// Whether the bases before truncation begin with those at the start.
  bool widens = true;
  /// Whether the last of several stages is evaluated between the bases that the step ends with:
  /// momentum, which has to come to there anyway, then takes up that gradient, not the first. Of
  /// matrices: the tangent space of a kernel turns with its core, too, which the stage still moves.
  bool evaluates_at_end = false;
};

/// Runs one step on one weight, truncation left to the caller. `gradient` gives G at a point.
template <class Point, class Known>
Point run(const IntegratorOf<Point, Known>& integrator, const Point& start, double size,
          const std::type_identity_t<std::function<Known(const Point& point)>>& gradient) {
  StepOf<Point> step{.start = start, .point = start, .size = size};
  for (const auto& stage : integrator.stages) stage(step, gradient(step.point));
  return step.point;
}

}  // namespace ranklens::optim
