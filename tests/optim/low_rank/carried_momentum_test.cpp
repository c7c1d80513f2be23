// What every method leaves of its momentum: the tangent vector that it was, projected to where the
// step has led (Absil, Mahony, Sepulchre 2008, section 8.1: vector transport by projection).
#include <string>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/low_rank/methods.h"

#include "optim/low_rank/least_squares.h"

namespace ranklens::optim {
namespace {

using testing::dense_of;
using testing::distance;
using testing::LeastSquares;
using testing::low_rank;
using testing::noise;
using testing::norm;
using testing::state_with;

const std::vector<std::string> kMethods{"fixed_bug(",
                                        "psi(",
                                        "abc_psi(tau=1e-9,cap=3,floor=3,",
                                        "abc_psi(tau=1e-9,",
                                        "parallel_bug(tau=1e-9,cap=3,floor=3,",
                                        "parallel_bug(tau=1e-9,",
                                        "bug(tau=1e-9,cap=3,floor=3,",
                                        "bug(tau=1e-9,s=3,",
                                        "augmented_bug(tau=1e-9,cap=3,floor=3,",
                                        "augmented_bug(tau=1e-9,"};

LowRank point_of(const nn::State& state) {
  const auto factors = state.at("w").weight->factors();
  LowRank point;
  for (const auto& one : factors) {
    if (one.name == "U") point.u = one.tensor;
    if (one.name == "S") point.s = one.tensor;
    if (one.name == "V") point.v = one.tensor;
  }
  return point;
}

// Where a step of a method looks at the gradient that its momentum takes up: where it starts, or,
// of fixed-rank BUG, at the start as its last bases hold it.
LowRank looked_at(const std::string& method, const LowRank& start, const LowRank& end) {
  if (method != "fixed_bug(") return start;
  const auto core = at::matmul(at::matmul(end.u.t(), start.dense()), end.v);
  return {end.u, core, end.v};
}

TEST(CarriedMomentum, IsProjectedToWhereTheStepHasLed) {
  const auto goal = noise(14, 10, 2);
  for (const auto& method : kMethods) {
    SCOPED_TRACE(method);
    auto state = state_with(low_rank(14, 10, 3, 1));
    LeastSquares objective(goal);
    const auto optimiser = make_optimiser(method + "lr=0.05,rule=sgd,momentum=0.7)");
    auto momentum = 0 * goal;
    for (int step = 0; step < 4; ++step) {
      const LowRank start = point_of(state);
      optimiser->step(state, objective);
      const LowRank end = point_of(state);
      const LowRank there = looked_at(method, start, end);
      momentum = project(end, 0.7 * momentum + project(there, there.dense() - goal));
      const auto expected = seen_from(end, momentum);
      const auto saved = optimiser->save();
      EXPECT_LT(distance(saved.at("tangent:w/k"), expected.k), 1e-12) << step;
      EXPECT_LT(distance(saved.at("tangent:w/l"), expected.l), 1e-12) << step;
      EXPECT_LT(distance(saved.at("tangent:w/s"), expected.s), 1e-12) << step;
      EXPECT_GT(norm(momentum), 0.5) << step;
    }
  }
}

// Whoever cuts a weight on the way, or takes up another, has one that nothing is known of.
TEST(CarriedMomentum, IsDroppedWhereAWeightComesBackWithOtherRanks) {
  LeastSquares objective(noise(14, 10, 2));
  for (const std::string spec :
       {"bug(tau=1e-9,lr=0.05,rule=sgd,momentum=0.7)", "fixed_bug(lr=0.05)", "core(lr=0.05)",
        "bug(tau=1e-9,lr=0.05,moments=entry)"}) {
    SCOPED_TRACE(spec);
    auto state = state_with(low_rank(14, 10, 3, 1)), other = state_with(low_rank(14, 10, 5, 3));
    const auto optimiser = make_optimiser(spec);
    for (int step = 0; step < 2; ++step) optimiser->step(state, objective);
    state.replace("w", other.at("w").weight);
    optimiser->step(state, objective);
    make_optimiser(spec)->step(other, objective);
    EXPECT_LT(distance(dense_of(state), dense_of(other)), 1e-14);
  }
}

/// The sum of 1 - cos over the entries of W - goal. (Of squares the gradient has fewer new
/// directions than columns after a step, and rounding chooses the others.)
class Waves final : public testing::LossOfWeights {
 public:
  explicit Waves(at::Tensor goal) : goal_(std::move(goal)) {}
  at::Tensor gradient(const at::Tensor& w) const { return (w - goal_).sin(); }

 private:
  at::Tensor value(const nn::State& state) const override {
    const auto& weight = state.at("w").weight;
    const auto w = weight->linear(at::eye(goal_.size(1), goal_.options()), {}).t();
    return (1 - (w - goal_).cos()).sum();
  }

  at::Tensor goal_;
};

// Every evaluation within a step is of one field: the gradient there, and the momentum that the
// step began with as it is seen from there.
TEST(CarriedMomentum, IsInEveryPartOfAStep) {
  const auto goal = noise(14, 10, 2);
  for (const std::string method :
       {"fixed_bug(", "psi(", "abc_psi(tau=1e-9,", "parallel_bug(tau=1e-9,", "bug(tau=1e-9,s=3,",
        "augmented_bug(tau=1e-9,"}) {
    SCOPED_TRACE(method);
    const auto spec = method + "lr=0.05,rule=sgd,momentum=0.7)";
    base::SpecReader reader(spec, "optimiser");
    const auto integrator = integrator_for(read_low_rank_options(reader));
    auto state = state_with(low_rank(14, 10, 3, 1));
    Waves objective(goal);
    const auto optimiser = make_optimiser(spec);
    auto momentum = 0 * goal;
    for (int step = 0; step < 3; ++step) {
      const LowRank start = point_of(state);
      const auto field = [&](const LowRank& at) {
        return seen_from(at, objective.gradient(at.dense()) + 0.7 * project(at, momentum));
      };
      const auto expected = run(integrator, start, 0.05, field).dense();
      optimiser->step(state, objective);
      EXPECT_LT(distance(dense_of(state), expected), 1e-7) << step;  // truncations take 1e-9
      EXPECT_GT(distance(dense_of(state), start.dense()), 0.05) << step;
      const LowRank end = point_of(state), there = looked_at(method, start, end);
      momentum = project(end, 0.7 * momentum + project(there, objective.gradient(there.dense())));
    }
  }
}

}  // namespace
}  // namespace ranklens::optim
