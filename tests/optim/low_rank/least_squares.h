#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/optim/objective.h"
#include "ranklens/optim/optimiser.h"

#include "optim/low_rank/matrices.h"

// Losses that are formulas of the weights, for optimisers of weights in factors.
namespace ranklens::optim::testing {

inline nn::Weight weight_of(const LowRank& point) {
  const auto rows = point.u.size(0), columns = point.v.size(0);
  return nn::Weight(
      std::make_shared<nn::FixedRank>(nn::Shape{rows, columns}, point.u, point.s, point.v));
}

/// A loss that is a formula of the weights; gradients come from autograd.
class LossOfWeights : public Objective {
 public:
  double loss(const nn::State& state) override { return value(state).item<double>(); }
  Gradients loss_and_gradients(const nn::State& state, const Phase&) override {
    ++evaluations;
    const auto leaves = state.as_leaves();
    const auto named = leaves.trainable();
    std::vector<at::Tensor> tensors;
    shapes.clear();
    for (const auto& one : named) {
      tensors.push_back(one.tensor);
      shapes[one.name] = one.tensor.sizes().vec();
    }
    const auto sum = value(leaves);
    const auto found = torch::autograd::grad({sum}, tensors, {}, std::nullopt, false, true);
    Gradients gradients{.loss = sum.item<double>(), .gradients = {}};
    for (std::size_t k = 0; k < named.size(); ++k) {
      gradients.gradients.push_back({named[k].name, found[k]});
    }
    return gradients;
  }

  int evaluations = 0;
  std::map<std::string, std::vector<std::int64_t>> shapes;  ///< of the last one, by tensor

 protected:
  virtual at::Tensor value(const nn::State& state) const = 0;
};

/// scale / 2 sum ||X W^T - Y||^2 over the entries of a state that have an X [batch, n] and a Y
/// [batch, m]; without an X, ||W^T - Y||^2.
class LeastSquares final : public LossOfWeights {
 public:
  struct Problem {
    at::Tensor x, y;
  };
  explicit LeastSquares(std::map<std::string, Problem> problems, double scale = 1)
      : problems_(std::move(problems)), scale_(scale) {}
  /// Of one weight "w" towards a goal.
  explicit LeastSquares(const at::Tensor& goal, double scale = 1)
      : LeastSquares({{"w", {.x = {}, .y = goal.t()}}}, scale) {}

 private:
  at::Tensor value(const nn::State& state) const override {
    at::Tensor sum;
    for (const auto& [name, problem] : problems_) {
      const auto& weight = state.at(name).weight;
      const auto x = problem.x.defined() ? problem.x : at::eye(weight->shape()[1], at::kDouble);
      const auto y =
          weight.is_dense() ? at::matmul(x, weight.tensor().t()) : weight->linear(x, at::Tensor());
      const auto one = scale_ / 2 * (y - problem.y).square().sum();
      sum = sum.defined() ? sum + one : one;
    }
    return sum;
  }

  std::map<std::string, Problem> problems_;
  double scale_;
};

inline nn::State state_with(const LowRank& point) {
  nn::State state;
  state.set("w", {.weight = weight_of(point)});
  return state;
}

inline at::Tensor dense_of(const nn::State& state, const std::string& name = "w") {
  return state.at(name).weight->dense();
}

}  // namespace ranklens::optim::testing
