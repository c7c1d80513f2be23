#include "ranklens/optim/tensor_train/sweep_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

/// Summed in double whatever the type.
double inner_product(const at::Tensor& a, const at::Tensor& b) {
  return (a * b).sum(at::kDouble).item<double>();
}

struct Trial {
  double step = 0, value = 0;
};

/// A line through the start: the value there, the slope, and how far along it one may go.
struct Line {
  std::function<double(double)> value;
  double start = 0, slope = 0, end = std::numeric_limits<double>::infinity();

  /// The minimum of the parabola through start, slope and a trial; far away where it opens
  /// downwards.
  double vertex(const Trial& trial) const {
    const double bend = (trial.value - start - slope * trial.step) / (trial.step * trial.step);
    return bend > 0 ? -slope / (2 * bend) : std::numeric_limits<double>::infinity();
  }
  bool enough(const Trial& trial) const {
    return std::isfinite(trial.value) && trial.value < start &&
           trial.value <= start + 1e-4 * slope * trial.step;
  }
};

/// A step that lowers the value enough, then the parabola's if that is better; step 0 where there
/// is none.
Trial lowest(const Line& line, double first) {
  constexpr int kTrials = 10;
  double step = std::min(first, line.end);
  for (int k = 0; k < kTrials; ++k) {
    const Trial trial{step, line.value(step)};
    if (!line.enough(trial)) {
      step = std::isfinite(trial.value) ? std::clamp(line.vertex(trial), step / 1000, step / 2)
                                        : step / 10;
      continue;
    }
    // A parabola that opens downwards says no more than that it goes on.
    const double farther = std::isfinite(line.vertex(trial)) ? 1000 : 10;
    const double better = std::min({line.vertex(trial), farther * step, line.end});
    if (std::abs(better - step) < 1e-6 * step) return trial;
    const Trial refined{better, line.value(better)};
    return std::isfinite(refined.value) && refined.value < trial.value ? refined : trial;
  }
  return {};
}

/// How far from `at` one may go along `direction` within a ball around `start`.
double way_out(const at::Tensor& at, const at::Tensor& start, const at::Tensor& direction,
               double radius) {
  const auto moved = at - start;
  const double a = inner_product(direction, direction), b = inner_product(moved, direction),
               c = inner_product(moved, moved) - radius * radius;
  return c >= 0 ? 0 : (std::sqrt(b * b - a * c) - b) / a;
}

/// The direction of the next step.
at::Tensor conjugate_direction(const at::Tensor& gradient, const at::Tensor& last,
                               const at::Tensor& before) {
  const double squared = inner_product(last, last);
  const double factor =
      squared > 0 ? std::max(0.0, inner_product(gradient, gradient - last) / squared) : 0;
  const auto direction = factor * before - gradient;
  return inner_product(direction, gradient) < 0 ? direction : -gradient;
}

}  // namespace

LocalMinimum descend(const LocalFunction& function, const at::Tensor& start,
                     const LocalSearch& search) {
  const double size = tn::frobenius(start);
  auto here = function.value_and_gradient(start);
  LocalMinimum found{.point = start, .before = here.value, .after = here.value};
  at::Tensor direction, last;
  double length = 0;
  for (int k = 0; k < search.iterations && std::isfinite(here.value) && here.gradient.defined();
       ++k) {
    const auto& gradient = here.gradient;
    direction = last.defined() ? conjugate_direction(gradient, last, direction) : -gradient;
    const double norm = tn::frobenius(direction);
    Line line{.value = [&](double step) { return function.value(found.point + step * direction); },
              .start = found.after,
              .slope = inner_product(gradient, direction)};
    const bool finite = std::isfinite(norm);
    if (k == 0 && !finite) found.before = found.after = std::numeric_limits<double>::quiet_NaN();
    if (!(line.slope < 0) || !finite) break;
    if (size > 0) line.end = way_out(found.point, start, direction, search.reach * size);
    if (!(line.end > 0)) break;
    const double first = length > 0 ? length : (size > 0 ? 0.1 * size : 1) / norm;
    const auto step = lowest(line, first);
    if (step.step == 0) break;
    found.point = found.point + step.step * direction;
    found.after = step.value;
    length = step.step;
    last = gradient;
    if (step.step >= line.end) break;  // at the edge of what may be reached
    if (k + 1 < search.iterations) here = function.value_and_gradient(found.point);
  }
  return found;
}

}  // namespace ranklens::optim
