// Whole steps on weights of low rank, against the integrators and against what is known of losses.
#include "ranklens/optim/low_rank/optimiser.h"

#include <cmath>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/low_rank/methods.h"

#include "optim/low_rank/least_squares.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using testing::basis;
using testing::dense_of;
using testing::distance;
using testing::LeastSquares;
using testing::low_rank;
using testing::noise;
using testing::norm;
using testing::state_with;

/// The methods that move a weight along its tangent space.
const std::vector<std::string> kAlongTheTangent{"fixed_bug(",        "psi(",
                                                "abc_psi(tau=1e-9,", "parallel_bug(tau=1e-9,",
                                                "bug(tau=1e-9,",     "augmented_bug(tau=1e-9,"};

Integrator integrator_of(const std::string& spec) {
  base::SpecReader reader(spec, "optimiser");
  return integrator_for(read_low_rank_options(reader));
}

// In its first step Adam's field is the gradient over the root of its mean square on the tangent
// space, at each point where a method evaluates it; squares are over as many numbers as at the
// start.
TEST(LowRankOptimiserStep, TakesAdamsDirectionInAllOfItsParts) {
  const LowRank start = low_rank(14, 10, 3, 1);
  const auto goal = noise(14, 10, 2);
  const double dimensions = 3 * (14 + 10 - 3);
  const auto plain = [&](const LowRank& at) { return seen_from(at, at.dense() - goal); };
  const auto adam = [&](const LowRank& at) {
    const auto gradient = at.dense() - goal;
    const double root = norm(project(at, gradient)) / std::sqrt(dimensions);
    return seen_from(at, gradient / (root + 1e-3));
  };
  for (const auto& method : kAlongTheTangent) {
    for (const bool is_adam : {false, true}) {
      const auto spec = method + "lr=0.05," + (is_adam ? "rule=adam,eps=1e-3" : "rule=sgd") + ")";
      const auto expected = is_adam ? run(integrator_of(spec), start, 0.05, adam)
                                    : run(integrator_of(spec), start, 0.05, plain);
      auto state = state_with(start);
      LeastSquares objective(goal);
      make_optimiser(spec)->step(state, objective);
      EXPECT_LT(distance(dense_of(state), expected.dense()), 1e-12) << spec;
      EXPECT_GT(distance(dense_of(state), start.dense()), 1e-2) << spec;
    }
  }
}

// Products with tall matrices that nobody reads are spared; a mean square is over all of them.
TEST(LowRankOptimiserStep, AsksForTheCoreAloneWhereNothingElseIsRead) {
  const auto asked = [](const std::string& spec) {
    auto state = state_with(low_rank(14, 10, 3, 1));
    LeastSquares objective(noise(14, 10, 2));
    make_optimiser(spec)->step(state, objective);
    std::string names;
    for (const auto& one : objective.shapes) names += " " + one.first;
    return names;  // of the last evaluation
  };
  for (const std::string method : {"bug(s=2,", "augmented_bug("}) {
    for (const std::string rule :
         {"rule=sgd", "rule=sgd,momentum=0.9,weight_decay=0.1", "moments=entry"}) {
      EXPECT_EQ(asked(method + rule + ")"), " w.dS") << method << rule;
    }
    EXPECT_EQ(asked(method + "beta1=0.5)"), " w.dK w.dL w.dS") << method;
  }
  EXPECT_EQ(asked("core(lr=0.1)"), " w.dS");
  EXPECT_EQ(asked("bug(s=1,rule=sgd)"), " w.dK w.dL w.dS");
}

/// |W|^4 / 4 - |W|^2 / 2: its gradient is -W near the origin and cubic far away.
class Well final : public testing::LossOfWeights {
  at::Tensor value(const nn::State& state) const override {
    const auto& weight = state.at("w").weight;
    const auto w = weight->linear(at::eye(weight->shape()[1], at::kDouble), at::Tensor());
    const auto square = w.square().sum();
    return square.square() / 4 - square / 2;
  }
};

// A step of the core is no longer than Adam's at the gradient where it begins: measured by that
// where the whole step began, steps of the core that lead to larger and larger gradients run away.
TEST(LowRankOptimiserStep, OfSeveralCoreStepsDoesNotRunAwayFromAGradientThatGrows) {
  const LowRank start{basis(14, 3, 1), 1e-3 * noise(3, 3, 2), basis(10, 3, 3)};
  for (const int core_steps : {2, 5}) {
    const auto optimiser =
        make_optimiser(fmt::format("bug(tau=1e-9,floor=3,cap=3,lr=0.05,s={})", core_steps));
    auto state = state_with(start);
    Well objective;
    for (int k = 0; k < 60; ++k) {
      const auto before = dense_of(state);
      optimiser->step(state, objective);
      // Adam's step has entries of lr on the tangent space, and momentum at most a few times that.
      EXPECT_LT(distance(dense_of(state), before), 0.05 * core_steps * std::sqrt(3 * 21) * 3) << k;
      EXPECT_LT(norm(dense_of(state)), 20) << k;
    }
  }
}

// Adam's steps do not depend on the unit of the loss; momentum and all, over several steps. (A
// power of two: where a gradient has less directions than columns, rounding chooses the others.)
TEST(LowRankOptimiserStep, OfAdamDoesNotSeeTheScaleOfTheLoss) {
  const auto goal = noise(14, 10, 3);
  const auto after = [&](const std::string& spec, double scale) {
    auto state = state_with(low_rank(14, 10, 3, 4));
    LeastSquares objective(goal, scale);
    const auto optimiser = make_optimiser(spec);
    for (int k = 0; k < 4; ++k) optimiser->step(state, objective);
    return dense_of(state);
  };
  auto methods = kAlongTheTangent;
  methods.insert(methods.end(), {"bug(tau=0.01,s=2,", "core("});
  for (const auto& method : methods) {
    const auto spec = method + "lr=0.02,eps=0)";
    EXPECT_LT(distance(after(spec, 1), after(spec, 4096)), 1e-10) << spec;
    const auto plain = method + "lr=1e-5,rule=sgd)";
    EXPECT_GT(distance(after(plain, 1), after(plain, 4096)), 1e-3) << plain;
  }
}

// Momentum is of the weight, not of its core: it moves along directions that the bases have just
// got as along the old ones. Written out with dense matrices.
TEST(LowRankOptimiserStep, OfBugHasMomentumInNewDirections) {
  const LowRank start = low_rank(14, 10, 3, 5);
  const auto goal = noise(14, 10, 6);
  auto state = state_with(start);
  LeastSquares objective(goal);
  const auto bug = make_optimiser("bug(lr=0.05,tau=1e-9,cap=3,floor=3,rule=sgd,momentum=0.9)");
  LowRank w = start;
  auto momentum = at::zeros_like(goal);
  const auto spanned = [](const at::Tensor& old, const at::Tensor& more) {
    const auto q = std::get<0>(at::linalg_qr(at::cat({old, more}, 1)));
    return at::matmul(q, q.t());
  };
  for (int k = 0; k < 5; ++k) {
    bug->step(state, objective);
    const auto gradient = w.dense() - goal;
    const auto along = 0.9 * momentum + project(w, gradient);
    const auto left = spanned(w.u, at::matmul(along, w.v)),
               right = spanned(w.v, at::matmul(along.t(), w.u));
    const auto field = at::matmul(at::matmul(left, 0.9 * momentum + gradient), right);
    w = nearest(w.dense() - 0.05 * field, 3);
    momentum = project(w, along);
    EXPECT_LT(distance(dense_of(state), w.dense()), 1e-11) << k;
  }
}

// Bases are not measured twice, but they are where somebody has changed them in between.
TEST(LowRankOptimiserStep, SeesThatBasesWereChanged) {
  const auto goal = noise(14, 10, 8);
  const std::string spec = "bug(lr=0.05,tau=1e-9,cap=3,floor=3,rule=sgd)";
  auto state = state_with(low_rank(14, 10, 3, 7));
  LeastSquares objective(goal);
  const auto seen = make_optimiser(spec);
  seen->step(state, objective);
  for (const auto& factor : state.at("w").weight->factors()) {
    if (factor.name == "U") factor.tensor.mul_(2);
  }
  auto other = state.clone();
  const auto before = dense_of(state);
  seen->step(state, objective);
  make_optimiser(spec)->step(other, objective);
  EXPECT_LT(distance(dense_of(state), dense_of(other)), 1e-12);
  EXPECT_GT(distance(dense_of(state), before), 1e-2);
}

TEST(LowRankOptimiserStep, KeepsMomentsByEntryOnlyWhereACoreMovesByItself) {
  for (const std::string method : {"bug", "augmented_bug", "core"}) {
    EXPECT_NE(make_optimiser(method + "(moments=entry)")->spec().find("moments=entry"),
              std::string::npos);
  }
  for (const std::string method : {"fixed_bug", "psi", "abc_psi", "parallel_bug"}) {
    ranklens::testing::expect_error([&] { make_optimiser(method + "(moments=entry)"); },
                                    method + " moves a weight along its tangent space");
  }
}

const nn::FixedRank& factors_of(const nn::State& state) {
  return static_cast<const nn::FixedRank&>(*state.at("w").weight);
}

// The core of G is no symmetric one, so neither factor may be taken for the other.
TEST(LowRankOptimiserStep, OfTheCoreAloneDescendsAlongItsGradientAndLeavesTheBasesToTheBit) {
  const LowRank start = low_rank(14, 10, 3, 13);
  const auto u = start.u.clone(), v = start.v.clone(), s = start.s.clone();
  const auto goal = noise(14, 10, 14);
  auto state = state_with(start);
  LeastSquares objective(goal);
  make_optimiser("core(lr=0.1,rule=sgd)")->step(state, objective);
  const auto gradient = at::matmul(at::matmul(u.t(), start.dense() - goal), v);
  EXPECT_LT(distance(factors_of(state).s(), s - 0.1 * gradient), 1e-14 * norm(s));
  EXPECT_TRUE(factors_of(state).u().equal(u));
  EXPECT_TRUE(factors_of(state).v().equal(v));
  EXPECT_EQ(objective.evaluations, 1);
}

// Whatever the rule, and however many steps.
TEST(LowRankOptimiserStep, OfTheCoreAloneKeepsBasesThroughMoments) {
  for (const char* spec :
       {"core(lr=0.05)", "core(lr=0.05,moments=entry)", "core(lr=0.05,weight_decay=0.1)",
        "core(lr=0.05,rule=sgd,momentum=0.9,weight_decay=0.1)"}) {
    const LowRank start = low_rank(14, 10, 3, 15);
    const auto u = start.u.clone(), v = start.v.clone(), s = start.s.clone();
    auto state = state_with(start);
    LeastSquares objective(noise(14, 10, 16));
    const auto optimiser = make_optimiser(spec);
    for (int k = 0; k < 20; ++k) optimiser->step(state, objective);
    EXPECT_TRUE(factors_of(state).u().equal(u)) << spec;
    EXPECT_TRUE(factors_of(state).v().equal(v)) << spec;
    EXPECT_GT(distance(factors_of(state).s(), s), 0.1) << spec;
  }
}

// Two examples have gradients of rank two, so that bases of four grow by two columns.
TEST(LowRankOptimiserStep, AugmentsByNoMoreColumnsThanTheBatchHas) {
  const LowRank start = low_rank(14, 10, 4, 5);
  const auto problem = [](std::int64_t batch) {
    return std::map<std::string, LeastSquares::Problem>{
        {"w", {.x = noise(batch, 10, 6), .y = noise(batch, 14, 7)}}};
  };
  const auto augmented = [&](const std::string& spec, std::int64_t batch) {
    auto state = state_with(start);
    LeastSquares objective(problem(batch));
    make_optimiser(spec)->step(state, objective);
    return objective.shapes.at("w.dS");
  };
  using Shape = std::vector<std::int64_t>;
  for (const std::string spec : {"augmented_bug(lr=0.01,rule=sgd)", "bug(lr=0.01,s=2,beta1=0)"}) {
    EXPECT_EQ(augmented(spec, 2), (Shape{6, 6})) << spec;
    EXPECT_EQ(augmented(spec, 5), (Shape{8, 8})) << spec;
  }
  // Nothing is cut off here, so the rank after the step is that of the augmented bases.
  const auto rank_after = [&](const std::string& rule, std::int64_t batch) {
    auto state = state_with(start);
    LeastSquares objective(problem(batch));
    const auto optimiser = make_optimiser("parallel_bug(lr=0.01,absolute,tau=0," + rule + ")");
    optimiser->step(state, objective);
    return optimiser->observed().at("rank/w");
  };
  for (const char* rule : {"rule=sgd", "beta1=0"}) {
    EXPECT_EQ(rank_after(rule, 2), 6) << rule;
    EXPECT_EQ(rank_after(rule, 5), 8) << rule;
  }
}

// ... and the step is the same that all columns would make.
TEST(LowRankOptimiserStep, OfFewExamplesIsThatOfTheirGradient) {
  const LowRank start = low_rank(14, 10, 4, 8);
  const auto x = noise(2, 10, 9), y = noise(2, 14, 10);
  const auto gradient = at::matmul((at::matmul(x, start.dense().t()) - y).t(), x);
  auto state = state_with(start);
  LeastSquares objective({{"w", {.x = x, .y = y}}});
  make_optimiser("parallel_bug(lr=0.05,absolute,tau=0,rule=sgd,weight_decay=0.1)")
      ->step(state, objective);
  const auto expected = start.dense() - 0.05 * (project(start, gradient) + 0.1 * start.dense());
  EXPECT_LT(distance(dense_of(state), expected), 1e-12);
}

// The numbers that a file holds of a weight, as its ranks change.
TEST(LowRankOptimiserStep, TellsTheNumbersOfEachWeight) {
  auto state = state_with(low_rank(14, 10, 4, 11));
  LeastSquares objective(noise(14, 10, 12));
  const auto optimiser = make_optimiser("bug(lr=0.2,tau=0.05,rule=sgd)");
  for (int k = 0; k < 3; ++k) {
    optimiser->step(state, objective);
    const auto found = optimiser->observed();
    EXPECT_EQ(found.at("params/w"), found.at("rank/w") * (14 + 10));
    EXPECT_EQ(found.at("params/w"), static_cast<double>(optimiser->finished(state).parameters()));
  }
  EXPECT_NE(optimiser->observed().at("rank/w"), 4);
}

}  // namespace
}  // namespace ranklens::optim
