// Steps of the parallel integrator that are rejected and made again from wider bases (Ceruti, Kusch
// and Lubich 2024).
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/optimiser.h"
#include "ranklens/optim/low_rank/orthonormalise.h"

#include "optim/low_rank/least_squares.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using testing::dense_of;
using testing::distance;
using testing::LeastSquares;
using testing::low_rank;
using testing::noise;
using testing::norm;
using testing::state_with;

/// A matrix of rank 9 far from where the weights begin, of rank 2.
at::Tensor far_goal() { return 3 * low_rank(20, 16, 9, 1).dense(); }

LowRank near_start() { return low_rank(20, 16, 2, 2); }

struct Run {
  nn::State state;
  std::vector<double> ranks, losses;
  int evaluations = 0;
  std::map<std::string, double> observed;
};

Run run_of(const std::string& spec, const LowRank& start, const at::Tensor& goal, int steps) {
  Run run;
  run.state = state_with(start);
  LeastSquares objective(goal);
  const auto optimiser = make_optimiser(spec);
  for (int k = 0; k < steps; ++k) {
    run.losses.push_back(optimiser->step(run.state, objective));
    run.observed = optimiser->observed();
    run.ranks.push_back(run.observed.at("rank/w"));
  }
  run.evaluations = objective.evaluations;
  return run;
}

// From bases that two gradients in turn have widened the step goes along the tangent space there.
TEST(StepRejection, MakesTheStepAgainFromTheWiderBases) {
  const LowRank start = near_start();
  const auto goal = far_goal(), gradient = start.dense() - goal;
  // Up to rank 4 it may be rejected: once.
  const auto found =
      run_of("parallel_bug(lr=0.1,tau=1e-3,cap=4,rule=sgd,reject=10)", start, goal, 1);
  EXPECT_EQ(found.evaluations, 2);
  EXPECT_EQ(found.observed.at("rejected/w"), 1);
  const auto seen = seen_from(start, gradient);
  const LowRank wide{at::cat({start.u, complement(start.u, seen.k)}, 1),
                     {},
                     at::cat({start.v, complement(start.v, seen.l)}, 1)};
  const auto whole = start.dense() - 0.1 * project(wide, gradient);
  EXPECT_LT(distance(dense_of(found.state), nearest(whole, 4).dense()), 1e-12);
}

TEST(StepRejection, FindsTheRankFaster) {
  const std::string spec = "parallel_bug(lr=0.1,tau=0.02,rule=sgd";
  const auto plain = run_of(spec + ")", near_start(), far_goal(), 8);
  const auto again = run_of(spec + ",reject=10)", near_start(), far_goal(), 8);
  EXPECT_LE(plain.ranks[0], 4);
  EXPECT_EQ(plain.evaluations, 8);
  EXPECT_GE(again.ranks[0], 8);
  EXPECT_GT(again.evaluations, 8);
  EXPECT_LE(again.evaluations, 12);
  for (std::size_t k = 1; k < 4; ++k) EXPECT_LT(again.losses[k], plain.losses[k]) << k;
}

// Where the gradient lies in the tangent space nothing is left out.
TEST(StepRejection, DoesNothingWhereTheStepIsWhole) {
  const LowRank start = low_rank(20, 16, 4, 3);
  const auto goal = start.dense() + 1e-3 * project(start, noise(20, 16, 4));
  const std::string spec = "parallel_bug(lr=0.1,tau=0.05,";
  for (const std::string rule : {"rule=sgd", "rule=sgd,momentum=0.9"}) {
    const auto plain = run_of(spec + rule + ")", start, goal, 3);
    const auto again = run_of(spec + rule + ",reject=1e-3)", start, goal, 3);
    EXPECT_EQ(again.observed.at("rejected/w"), 0) << rule;
    EXPECT_EQ(again.evaluations, 3) << rule;
    EXPECT_LT(distance(dense_of(again.state), dense_of(plain.state)), 1e-13) << rule;
  }
}

// The corner's length times the step's against what may be cut off.
TEST(StepRejection, LooksAtWhatTheStepLeavesOut) {
  const LowRank start = low_rank(20, 16, 4, 5);
  const auto left = complement(start.u, noise(20, 1, 6)),
             right = complement(start.v, noise(16, 1, 7));
  // Of the gradient, 1e-3 lies in each of the outer parts of the tangent space and 1 beyond it.
  const auto corner = at::matmul(left, right.t());
  const auto beyond = corner + 1e-3 * at::matmul(left, start.v.narrow(1, 0, 1).t()) +
                      1e-3 * at::matmul(start.u.narrow(1, 0, 1), right.t());
  const double bound = 0.02 * norm(start.dense());
  const auto evaluations = [&](double reject) {
    return run_of("parallel_bug(lr=0.1,tau=0.02,rule=sgd,reject=" + std::to_string(reject) + ")",
                  start, start.dense() + beyond, 1)
        .evaluations;
  };
  EXPECT_EQ(evaluations(0.1 / bound * 0.98), 2);
  EXPECT_EQ(evaluations(0.1 / bound * 1.02), 1);
}

TEST(StepRejection, StopsAtTheCap) {
  for (const std::string rule : {"rule=sgd", "rule=adam"}) {
    const std::string spec = "parallel_bug(lr=0.1,tau=1e-3,cap=2," + rule;
    const auto plain = run_of(spec + ")", near_start(), far_goal(), 3);
    const auto again = run_of(spec + ",reject=10)", near_start(), far_goal(), 3);
    EXPECT_EQ(again.evaluations, 3);
    EXPECT_LT(distance(dense_of(again.state), dense_of(plain.state)), 1e-13);
  }
  const auto held =
      run_of("parallel_bug(lr=0.1,tau=1e-3,hold=1,reject=10)", near_start(), far_goal(), 3);
  EXPECT_EQ(held.ranks[2], held.ranks[0]);
  // Whole bases have nothing to grow into.
  const auto whole =
      run_of("parallel_bug(lr=0.1,tau=1e-9,reject=10)", low_rank(20, 16, 16, 8), far_goal(), 2);
  EXPECT_EQ(whole.evaluations, 2);
}

// A budget cuts bases back, however little the tolerance would: they grow to no more than twice as
// much for it, and once they hold it no step is made again.
TEST(StepRejection, StopsAtTheBudget) {
  const auto evaluations = [](const std::string& more) {
    const std::string spec = "parallel_bug(lr=0.02,tau=1e-12,floor=1,rule=sgd,";
    return run_of(spec + more + ")", near_start(), noise(20, 16, 13), 1).evaluations;
  };
  EXPECT_EQ(evaluations("reject=10"), 4);  // 2, 4, 8, 16 columns
  // Ranks of 4 hold 4 (20 + 16) numbers.
  EXPECT_EQ(evaluations("reject=10,budget=144"), 2);
  EXPECT_EQ(evaluations("reject=10,budget=145"), 3);
  // Where nothing is left out, only bases of which nothing is cut off grow.
  EXPECT_EQ(evaluations("reject=1e12,budget=144"), 2);
  EXPECT_EQ(evaluations("reject=1e12,budget=143"), 1);
}

// Of several weights each has what the others leave.
TEST(StepRejection, StopsAtItsShareOfTheBudget) {
  const auto evaluations = [](int budget) {
    nn::State state;
    std::map<std::string, LeastSquares::Problem> problems;
    for (const std::string name : {"a", "b", "c"}) {
      state.set(name, {.weight = testing::weight_of(near_start())});
      problems[name] = {.x = {}, .y = noise(16, 20, 13)};
    }
    LeastSquares objective(problems);
    make_optimiser("parallel_bug(lr=0.02,tau=1e-12,floor=1,rule=sgd,reject=10,budget=" +
                   std::to_string(budget) + ")")
        ->step(state, objective);
    return objective.evaluations;
  };
  // Ranks of 2 hold 72 numbers each: each of them may have rank 4 beside the others, but no more.
  EXPECT_EQ(evaluations(3 * 72), 1);
  EXPECT_EQ(evaluations(4 * 72), 2);
  EXPECT_EQ(evaluations(1000), 4);
}

// What others do while one weight makes its step again: nothing, and then their step once.
TEST(StepRejection, IsOfOneWeightAtATime) {
  const auto small = low_rank(12, 10, 4, 9).dense(), dense = noise(5, 6, 10);
  const LowRank settled = low_rank(12, 10, 4, 11);
  std::map<std::string, LeastSquares::Problem> problems{
      {"w", {.x = {}, .y = far_goal().t()}},
      {"settled", {.x = {}, .y = (settled.dense() + 1e-6 * small).t()}},
      {"plain", {.x = {}, .y = dense.t()}}};
  const auto after = [&](const std::string& more, int& evaluations) {
    auto state = state_with(near_start());
    state.set("settled", {.weight = testing::weight_of(settled)});
    state.set("plain", {.weight = at::zeros({5, 6}, at::kDouble)});
    LeastSquares objective(problems);
    make_optimiser("parallel_bug(lr=0.1,tau=0.02,rule=sgd,momentum=0.5" + more + ")")
        ->step(state, objective);
    evaluations = objective.evaluations;
    return state;
  };
  int once = 0, again = 0;
  const auto without = after("", once), with = after(",reject=10", again);
  EXPECT_EQ(once, 1);
  EXPECT_GT(again, 1);
  EXPECT_GT(distance(dense_of(with), dense_of(without)), 1e-2);
  EXPECT_LT(distance(dense_of(with, "settled"), dense_of(without, "settled")), 1e-14);
  EXPECT_LT(distance(dense_of(with, "plain"), 0.1 * dense), 1e-14);
}

/// Heavy ball, or Adam with one second moment, of a dense matrix, with the decay of each.
at::Tensor dense_steps(const std::string& rule, at::Tensor w,
                       const std::vector<at::Tensor>& goals) {
  const bool adam = rule.starts_with("rule=adam");
  auto m = at::zeros_like(w);
  double v = 0, t = 0;
  for (const auto& goal : goals) {
    const auto g = w - goal;
    if (!adam) {
      m = 0.9 * m + g + 0.05 * w;
      w = w - 0.02 * m;
      continue;
    }
    ++t;
    m = 0.9 * m + 0.1 * g;
    v = 0.99 * v + 0.01 * norm(g) * norm(g) / static_cast<double>(g.numel());
    const double root = std::sqrt(v / (1 - std::pow(0.99, t))) + 1e-8;
    w = (w - 0.02 / (1 - std::pow(0.9, t)) / root * m) * (1 - 0.02 * 0.05);
  }
  return w;
}

// Where nothing may be cut off, bases grow until they are whole in the first step, which makes it
// and all after it those of a dense weight.
TEST(StepRejection, IsDenseTrainingWhereNothingMayBeCutOff) {
  const LowRank start = near_start();
  const auto goal = noise(20, 16, 13);  // of full rank
  for (const std::string rule : {"rule=sgd,momentum=0.9", "rule=adam,beta2=0.99"}) {
    const std::string spec = "parallel_bug(lr=0.02,tau=1e-12,weight_decay=0.05," + rule;
    const std::vector<at::Tensor> goals(4, goal);
    const auto expected = dense_steps(rule, start.dense(), goals);
    const auto found = run_of(spec + ",reject=10)", start, goal, 4);
    EXPECT_EQ(found.evaluations, 4 + 3) << rule;  // 2, 4, 8 and 16 columns
    EXPECT_LT(distance(dense_of(found.state), expected), 1e-11) << rule;
    const auto plain = run_of(spec + ")", start, goal, 4);
    EXPECT_GT(distance(dense_of(plain.state), expected), 0.1) << rule;
  }
}

// The first step stays in its bases; the second is rejected, and its momentum goes along.
TEST(StepRejection, CarriesMomentumToTheWiderBases) {
  const LowRank start = near_start();
  const auto within = start.dense() + at::matmul(at::matmul(start.u, noise(2, 2, 12)), start.v.t());
  const std::string rule = "rule=sgd,momentum=0.9";
  const auto optimiser =
      make_optimiser("parallel_bug(lr=0.02,tau=1e-12,weight_decay=0.05,reject=10," + rule + ")");
  auto state = state_with(start);
  LeastSquares first(within), second(far_goal());
  optimiser->step(state, first);
  EXPECT_EQ(first.evaluations, 1);
  optimiser->step(state, second);
  EXPECT_EQ(second.evaluations, 4);
  const auto expected = dense_steps(rule, start.dense(), {within, far_goal()});
  EXPECT_LT(distance(dense_of(state), expected), 1e-12);
}

TEST(StepRejection, IsOfTheParallelMethodAlone) {
  ranklens::testing::expect_error([] { make_optimiser("bug(reject=10)"); }, "reject");
  const auto made = make_optimiser("parallel_bug(reject=10)");
  EXPECT_NE(made->spec().find("reject=10"), std::string::npos);
  EXPECT_EQ(make_optimiser(made->spec())->spec(), made->spec());
}

}  // namespace
}  // namespace ranklens::optim
