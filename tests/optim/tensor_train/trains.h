#pragma once

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/random.h"
#include "ranklens/nn/weights/tt_conv.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/optim/objective.h"
#include "ranklens/optim/tensor_train/layers.h"
#include "ranklens/tn/train/make.h"

#include "optim/clipped.h"
#include "optim/low_rank/matrices.h"

// Weights in trains, and losses of them. All of float64.
namespace ranklens::optim::testing {

inline at::Tensor values(at::IntArrayRef sizes, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "trains");
  return stream.normal(sizes, 0, 1, at::kDouble);
}

/// A matrix [12, 12] in three cores with fused modes 6, 6, 4 and ranks 4, 3.
inline nn::Weight tt_weight(std::uint64_t seed) {
  std::vector<at::Tensor> cores{values({1, 3, 2, 4}, seed), values({4, 2, 3, 3}, seed + 1),
                                values({3, 2, 2, 1}, seed + 2)};
  return nn::Weight(std::make_shared<nn::TTMatrix>(nn::Shape{12, 12}, std::move(cores)));
}

inline tn::TensorTrain random_train(const tn::Shape& sizes, const tn::Shape& ranks,
                                    std::uint64_t seed) {
  base::Stream stream(seed, "noise", "train");
  return tn::random(stream, sizes, {.ranks = ranks});
}

/// The dense matrix [12, 12] of such a weight, or its gradient, with the modes of the train.
inline at::Tensor as_tensor(const at::Tensor& matrix) {
  return matrix.reshape({3, 2, 2, 2, 3, 2})
      .permute({0, 3, 1, 4, 2, 5})
      .reshape({6, 6, 4})
      .contiguous();
}

/// A matrix [m, n] in two cores.
inline nn::Weight two_cores(std::int64_t m, std::int64_t n, std::int64_t rank, std::uint64_t seed) {
  std::vector<at::Tensor> cores{values({1, m, 1, rank}, seed), values({rank, 1, n, 1}, seed + 1)};
  return nn::Weight(std::make_shared<nn::TTMatrix>(nn::Shape{m, n}, std::move(cores)));
}

inline nn::Weight conv_weight(std::uint64_t seed) {
  std::vector<at::Tensor> cores{values({2, 2, 3, 3}, seed + 1), values({3, 2, 2, 1}, seed + 2)};
  return nn::Weight(std::make_shared<nn::TTConv>(nn::Shape{4, 6, 3, 3}, values({3, 3, 2}, seed),
                                                 std::move(cores)));
}

inline nn::State state_of(const nn::Weight& weight) {
  nn::State state;
  state.set("w", {.weight = weight});
  return state;
}

inline at::Tensor dense_of(const nn::State& state) { return state.at("w").weight->dense(); }

/// A function of a state as an objective, which counts how often it is differentiated.
class OfState : public Objective {
 public:
  using Value = std::function<at::Tensor(const nn::State&)>;
  explicit OfState(Value value) : value_(std::move(value)) {}

  at::Tensor value(const nn::State& state) const { return value_(state); }
  double loss(const nn::State& state) override { return value_(state).item<double>(); }
  Gradients loss_and_gradients(const nn::State& state, const Phase&) override {
    ++evaluations;
    const auto leaves = state.as_leaves();
    const auto named = leaves.trainable();
    std::vector<at::Tensor> inputs;
    for (const auto& one : named) inputs.push_back(one.tensor);
    const auto loss = value_(leaves);
    Gradients found;
    found.loss = loss.item<double>();
    const auto gradients = torch::autograd::grad({loss}, inputs, {}, {}, false, true);
    for (std::size_t k = 0; k < named.size(); ++k) {
      found.gradients.push_back({named[k].name, gradients[k]});
    }
    return found;
  }

  int evaluations = 0;

 private:
  Value value_;
};

/// One that runs a network and reads no tensor by itself, as the objective of a batch does.
class OfNetwork final : public OfState {
 public:
  using OfState::OfState;
  bool takes_any_format() const override { return true; }
};

/// Clips the gradients of each evaluation by another factor.
class Clipped final : public Objective {
 public:
  explicit Clipped(OfState& whole) : whole_(whole) {}
  double loss(const nn::State& state) override { return whole_.loss(state); }
  Gradients loss_and_gradients(const nn::State& state, const Phase& phase) override {
    auto found = whole_.loss_and_gradients(state, phase);
    found.scale = std::array{0.25, 0.5, 0.125}[static_cast<std::size_t>(whole_.evaluations) % 3];
    for (auto& one : found.gradients) one.tensor = found.scale * one.tensor;
    return found;
  }

 private:
  OfState& whole_;
};

/// The mean of cos(y) of the weight "w"; y = W x.
class OneWeight final : public OfState {
 public:
  explicit OneWeight(const at::Tensor& x)
      : OfState([x](const nn::State& state) {
          const auto& weight = state.at("w").weight;
          const auto y = x.dim() == 4 ? weight->conv2d(x, {}, {}) : weight->linear(x, {});
          return y.cos().mean();
        }) {}
};

/// The gradient of an objective with respect to the dense weight "w".
inline at::Tensor dense_gradient(const OfState& objective, const at::Tensor& dense) {
  const auto leaf = dense.detach().clone().requires_grad_();
  return torch::autograd::grad({objective.value(state_of(nn::Weight(leaf)))}, {leaf})[0];
}

/// The derivative at 0 by central differences with halved steps, extrapolated to none (Romberg).
inline double derivative(const std::function<double(double)>& f, double h) {
  constexpr std::size_t levels = 6;
  std::vector<double> row;
  for (std::size_t k = 0; k < levels; ++k, h /= 2) {
    double found = (f(h) - f(-h)) / (2 * h), power = 1;
    for (auto& before : row) {
      power *= 4;
      const double better = found + (found - before) / (power - 1);
      before = found;
      found = better;
    }
    row.push_back(found);
  }
  return row.back();
}

}  // namespace ranklens::optim::testing
