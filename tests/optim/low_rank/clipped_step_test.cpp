// Steps of several evaluations whose gradients are clipped: their parts belong to one field.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/optimiser.h"

#include "optim/clipped.h"
#include "optim/low_rank/least_squares.h"

namespace ranklens::optim {
namespace {

using testing::ClippedByNorm;
using testing::dense_of;
using testing::distance;
using testing::LeastSquares;
using testing::low_rank;
using testing::noise;
using testing::norm;

/// Two weights of low rank, of which one is the nearer to its goal, and a dense one.
struct Problems {
  std::map<std::string, LeastSquares::Problem> all{
      {"w", {.x = noise(9, 12, 1), .y = 20 * noise(9, 14, 2)}},
      {"near", {.x = noise(9, 8, 3), .y = noise(9, 10, 4)}},
      {"dense", {.x = noise(9, 6, 5), .y = 20 * noise(9, 7, 6)}}};

  static nn::State start() {
    nn::State state;
    state.set("w", {.weight = testing::weight_of(low_rank(14, 12, 3, 7))});
    state.set("near", {.weight = testing::weight_of(low_rank(10, 8, 2, 8))});
    state.set("dense", {.weight = nn::Weight(noise(7, 6, 9))});
    return state;
  }
};

/// Gradients that grow a thousandfold from the second evaluation on.
class Second final : public Objective {
 public:
  double loss(const nn::State& state) override { return plain_.loss(state); }
  Gradients loss_and_gradients(const nn::State& state, const Phase& phase) override {
    auto found = plain_.loss_and_gradients(state, phase);
    const double factor = evaluations_++ == 0 ? 1e-3 : 1;
    for (auto& one : found.gradients) one.tensor = factor * one.tensor;
    return found;
  }

 private:
  LeastSquares plain_{{{"w", {.x = {}, .y = 20 * noise(12, 14, 2)}},
                       {"dense", {.x = {}, .y = 20 * noise(6, 7, 3)}}}};
  int evaluations_ = 0;
};

/// Clipped steps beside those of the loss times the factor by which each was clipped first; the
/// dense tensor's gradient is that of the last evaluation, and no longer than clipping left it.
void expect_steps_of_scaled_loss(const std::string& spec, std::size_t least_evaluations,
                                 double momentum, int steps = 3) {
  const Problems given;
  LeastSquares plain(given.all);
  ClippedByNorm clipped(plain, 1);
  auto state = Problems::start(), other = Problems::start();
  const auto one = make_optimiser(spec), two = make_optimiser(spec);
  const auto& [x, y] = given.all.at("dense");
  auto dense = state.tensor("dense").clone(), velocity = 0 * dense;
  for (int k = 0; k < steps; ++k) {
    clipped.scales.clear();
    one->step(state, clipped);
    ASSERT_GE(clipped.scales.size(), least_evaluations) << spec;
    EXPECT_LT(clipped.scales.front(), 0.1) << spec;
    EXPECT_NE(clipped.scales.front(), clipped.scales.back()) << spec;
    LeastSquares scaled(given.all, clipped.scales.front());
    two->step(other, scaled);
    const auto gradient = at::matmul((at::matmul(x, dense.t()) - y).t(), x);
    const double least = std::min(clipped.scales.front(), clipped.scales.back());
    velocity = momentum * velocity + least * gradient;
    dense = dense - 0.3 * velocity;
    EXPECT_LT(distance(state.tensor("dense"), dense), 1e-11 * norm(dense)) << spec << k;
    for (const auto* name : {"w", "near"}) {
      const auto found = dense_of(state, name), expected = dense_of(other, name);
      EXPECT_LT(distance(found, expected), 1e-11 * norm(expected)) << spec << " " << name << k;
    }
  }
}

TEST(ClippedLowRankStep, IsThatOfTheLossTimesItsFirstFactor) {
  for (const double momentum : {0.0, 0.9}) {
    const auto expect = [&](const std::string& method, std::size_t evaluations, int steps = 3) {
      const auto spec = fmt::format("{}lr=0.3,rule=sgd,momentum={})", method, momentum);
      expect_steps_of_scaled_loss(spec, evaluations, momentum, steps);
    };
    expect("psi(", 3);
    expect("abc_psi(tau=0.01,", 2);
    expect("fixed_bug(", 2);
    // Once: least squares leave half of its next new columns within the bases that it has, and
    // what stands for them is of rounding.
    expect("augmented_bug(tau=0.01,", 2, 1);
    expect("parallel_bug(tau=0.01,reject=0.1,", 2);
  }
}

// A bound that holds for the first evaluation holds for what others do by the last one.
TEST(ClippedLowRankStep, LeavesOtherTensorsWithinTheBound) {
  nn::State state;
  state.set("w", {.weight = testing::weight_of(low_rank(14, 12, 3, 7))});
  state.set("dense", {.weight = nn::Weight(noise(7, 6, 9))});
  Second objective;
  ClippedByNorm clipped(objective, 1);
  const auto before = state.tensor("dense").clone();
  make_optimiser("psi(lr=0.3,rule=sgd)")->step(state, clipped);
  EXPECT_EQ(clipped.scales.front(), 1);
  EXPECT_LT(clipped.scales.back(), 1e-2);
  EXPECT_LT(distance(state.tensor("dense"), before), 0.3 * 1.0001);
}

// A norm that overflows leaves a gradient of nothing, which stays one.
TEST(ClippedLowRankStep, OfNothingIsNothing) {
  nn::State state;
  state.set("w", {.weight = testing::weight_of(low_rank(14, 12, 3, 7))});
  state.set("dense", {.weight = nn::Weight(noise(7, 6, 9))});
  LeastSquares plain(
      {{"w", {.x = {}, .y = noise(12, 14, 2)}}, {"dense", {.x = {}, .y = noise(6, 7, 3)}}});
  testing::ClippedBy nothing(plain, 0);
  const auto w = dense_of(state), dense = state.tensor("dense").clone();
  for (const std::string method : {"psi(", "fixed_bug(", "parallel_bug("}) {
    EXPECT_TRUE(std::isfinite(make_optimiser(method + "lr=0.3,rule=sgd)")->step(state, nothing)));
    EXPECT_LT(distance(dense_of(state), w), 1e-12 * norm(w)) << method;
    EXPECT_LT(distance(state.tensor("dense"), dense), 1e-14) << method;
  }
}

// Each of its steps of the core, by which other tensors move as well, is a step of its own.
TEST(ClippedLowRankStep, OfSeveralStepsClipsEachByItself) {
  const Problems given;
  LeastSquares plain(given.all);
  ClippedByNorm clipped(plain, 1);
  auto state = Problems::start();
  make_optimiser("bug(lr=0.1,tau=0.01,s=3,rule=sgd)")->step(state, clipped);
  ASSERT_EQ(clipped.scales.size(), 3U);
  EXPECT_NE(clipped.scales[0], clipped.scales[2]);
  const auto& [x, y] = given.all.at("dense");
  auto expected = Problems::start().tensor("dense");
  for (const double scale : clipped.scales) {
    expected = expected - 0.1 * scale * at::matmul((at::matmul(x, expected.t()) - y).t(), x);
  }
  EXPECT_LT(distance(state.tensor("dense"), expected), 1e-12 * norm(expected));
}

}  // namespace
}  // namespace ranklens::optim
