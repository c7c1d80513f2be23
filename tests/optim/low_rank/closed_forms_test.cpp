// Steps whose end is known in closed form, where a step that is nearly right would pass milder
// tests: cores that are not symmetric, ranks above half of what a matrix can have, singular values
// far below single precision, gradients that are zero.
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/diag.h>
#include <ATen/ops/linalg_matrix_exp.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/pow.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/optimiser.h"

#include "optim/low_rank/least_squares.h"
#include "optim/low_rank/moving.h"

namespace ranklens::optim {
namespace {

using testing::along;
using testing::basis;
using testing::dense_of;
using testing::distance;
using testing::low_rank;
using testing::noise;
using testing::norm;
using testing::seen;
using testing::skew;
using testing::state_with;

/// A matrix of rank 3 and where it is turned to; its core is no symmetric one.
struct Turned {
  LowRank start;
  at::Tensor to;
};

Turned turned_matrix() {
  const LowRank start = low_rank(12, 9, 3, 50);
  const auto left = at::linalg_matrix_exp(0.1 * skew(12, 51)),
             right = at::linalg_matrix_exp(0.1 * skew(9, 52));
  return {start, at::matmul(at::matmul(left, start.dense()), right)};
}

TEST(ClosedForms, MatricesOfTheirRankAreFollowedExactlyFromAnyCore) {
  const auto [start, to] = turned_matrix();
  for (const auto& integrator :
       {fixed_rank_bug(CoreGradient::held), augmented_bug(CoreGradient::held),
        projector_splitting(CoreGradient::held)}) {
    const auto found = truncate_to(along(integrator, start, to - start.dense()), 3);
    EXPECT_LT(distance(found.matrix.dense(), to), 1e-12 * norm(to));
  }
}

// What the test above is for: the second basis from V S in place of V S^T.
TEST(ClosedForms, ATransposedCoreIsFarOff) {
  const auto [start, to] = turned_matrix();
  const auto increment = to - start.dense();
  const auto k = at::matmul(start.u, start.s) + at::matmul(increment, start.v),
             l = at::matmul(start.v, start.s) + at::matmul(increment.t(), start.u);
  const auto u = std::get<0>(at::linalg_qr(k)), v = std::get<0>(at::linalg_qr(l));
  const auto found = at::matmul(at::matmul(u, at::matmul(at::matmul(u.t(), to), v)), v.t());
  EXPECT_GT(distance(found, to), 0.1 * norm(to));
}

// Where twice the rank is more than a matrix has, augmented bases span everything.
TEST(ClosedForms, AboveHalfOfTheRankStepsAreThoseOfTheWholeMatrix) {
  for (const auto& [m, n] : {std::pair<std::int64_t, std::int64_t>{17, 13}, {13, 17}}) {
    const LowRank start = low_rank(m, n, 9, 53);
    const auto goal = noise(m, n, 54);
    const auto gradient = start.dense() - goal;
    const auto field = seen([&](const at::Tensor& w) { return w - goal; });
    const auto dense = start.dense() - 0.3 * gradient;
    for (const auto& integrator :
         {augmented_bug(), augmented_bug(CoreGradient::held), two_pass_bug(1)}) {
      const auto found = run(integrator, start, 0.3, field);
      EXPECT_LT(distance(found.dense(), dense), 1e-13 * norm(dense));
      EXPECT_EQ(found.u.size(1), std::min<std::int64_t>(18, m));
      EXPECT_EQ(found.v.size(1), std::min<std::int64_t>(18, n));
    }
    const auto along_tangent = start.dense() - 0.3 * project(start, gradient);
    EXPECT_LT(distance(run(parallel_bug(), start, 0.3, field).dense(), along_tangent),
              1e-13 * norm(dense));
    EXPECT_GT(distance(along_tangent, dense), 1e-2);
  }
}

// Singular values 10^-k, of which single precision sees eight: a step is that of double precision,
// and bases stay orthogonal.
TEST(ClosedForms, SingularValuesBelowThePrecisionDoNoHarm) {
  const std::int64_t rank = 20;
  const LowRank start{basis(500, rank, 55),
                      at::diag(at::pow(10.0, -at::linspace(0, 19, rank, at::kDouble))),
                      basis(800, rank, 56)};
  const LowRank single{start.u.to(at::kFloat), start.s.to(at::kFloat), start.v.to(at::kFloat)};
  const auto goal = 0.01 * noise(500, 800, 57);
  const auto field = seen([&](const at::Tensor& w) { return w - goal.to(w.scalar_type()); });
  for (const auto& integrator : {fixed_rank_bug(), projector_splitting(), two_pass_bug(1)}) {
    const auto expected = run(integrator, start, 0.1, field),
               found = run(integrator, single, 0.1, field);
    EXPECT_LT(orthogonality_error(found), 5e-6);
    EXPECT_LT(distance(found.dense().to(at::kDouble), expected.dense()), 5e-6 * norm(start.s));
    EXPECT_GT(distance(expected.dense(), start.dense()), 0.1);
  }
}

/// A loss that is the same everywhere.
class Flat final : public testing::LossOfWeights {
  at::Tensor value(const nn::State& state) const override {
    const auto& weight = state.at("w").weight;
    return 0 * weight->linear(at::eye(weight->shape()[1], at::kDouble), at::Tensor()).sum();
  }
};

TEST(ClosedForms, WithoutAGradientNoOptimiserMoves) {
  for (const std::string method :
       {"fixed_bug(", "psi(", "abc_psi(tau=1e-9,", "parallel_bug(tau=1e-9,", "bug(tau=1e-9,",
        "bug(s=3,tau=1e-9,", "augmented_bug(tau=1e-9,", "core("}) {
    for (const char* rule : {"rule=sgd,momentum=0.9", "rule=adam"}) {
      const auto start = low_rank(14, 10, 3, 58);
      auto state = state_with(start);
      Flat objective;
      const auto spec = method + "lr=0.1," + rule + ")";
      const auto optimiser = make_optimiser(spec);
      for (int k = 0; k < 3; ++k) EXPECT_EQ(optimiser->step(state, objective), 0) << spec;
      EXPECT_LT(distance(dense_of(state), start.dense()), 1e-12) << spec;
    }
  }
}

/// Its value is a number and its gradient is not.
class Kink final : public testing::LossOfWeights {
  at::Tensor value(const nn::State& state) const override {
    const auto& weight = state.at("w").weight;
    return (0 * weight->linear(at::eye(weight->shape()[1], at::kDouble), at::Tensor()))
        .abs()
        .sqrt()
        .sum();
  }
};

TEST(ClosedForms, AGradientThatIsNoNumberEndsTheStepAndChangesNothing) {
  for (const char* spec : {"bug(tau=0.1)", "bug(tau=0.1,s=2)", "parallel_bug(tau=0.1)",
                           "fixed_bug(rule=sgd)", "core(rule=sgd)"}) {
    auto state = state_with(low_rank(14, 10, 3, 60));
    const auto before = dense_of(state);
    Kink objective;
    EXPECT_TRUE(std::isnan(make_optimiser(spec)->step(state, objective))) << spec;
    EXPECT_TRUE(dense_of(state).equal(before)) << spec;
  }
}

// From a rank above the goal's, the goal's is found, and the goal.
TEST(ClosedForms, TheRankOfTheGoalIsFoundFromAbove) {
  const auto goal =
      at::matmul(at::matmul(basis(40, 12, 27), at::diag(at::linspace(1, 0.2, 12, at::kDouble))),
                 basis(30, 12, 28).t());
  const auto field = seen([&](const at::Tensor& w) { return w - goal; });
  LowRank y = low_rank(40, 30, 20, 59);
  for (int k = 0; k < 100; ++k)
    y = truncate(run(two_pass_bug(10), y, 0.05, field), {.tau = 0.05}).matrix;
  EXPECT_EQ(y.rank(), 12);
  EXPECT_LT(distance(y.dense(), goal), 1e-10);
}

}  // namespace
}  // namespace ranklens::optim
