#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// A value of a function of one tensor, and its gradient, of the tensor's shape; undefined where
/// the function does not depend on the tensor.
struct LocalValue {
  double value = 0;
  at::Tensor gradient;
};

/// A loss as a function of one part of a train.
struct LocalFunction {
  std::function<double(const at::Tensor&)> value;
  std::function<LocalValue(const at::Tensor&)> value_and_gradient;
};

struct LocalSearch {
  int iterations = 4;
  /// Largest distance from the start, as a share of the start's norm.
  double reach = 1e6;
};

struct LocalMinimum {
  at::Tensor point;
  double before = 0, after = 0;  ///< values at the start and at the point, never higher
};

/// A few conjugate gradients (Polak and Ribiere's factor, not below zero) with a search along each
/// direction: a first trial, the minimum of the parabola through what is known, halved or more
/// until Armijo's rule holds. On a quadratic function these are the linear conjugate gradients. A
/// trial whose value is not finite is a step too far. Where the value at the start is not finite,
/// nothing is done and `before` is that; where its gradient is not, NaN.
LocalMinimum descend(const LocalFunction& function, const at::Tensor& start,
                     const LocalSearch& search = {});

}  // namespace ranklens::optim
