// The integrators against what is known of them exactly. Sources of the identities: Ceruti and
// Lubich 2022; Ceruti, Kusch and Lubich 2022 and 2024; Lubich and Oseledets 2014.
#include "ranklens/optim/low_rank/integrator.h"

#include <cmath>
#include <vector>

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_matrix_exp.h>
#include <ATen/ops/logspace.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "optim/low_rank/moving.h"

namespace ranklens::optim {
namespace {

using testing::along;
using testing::basis;
using testing::distance;
using testing::low_rank;
using testing::Moving;
using testing::moving;
using testing::noise;
using testing::norm;
using testing::seen;
using testing::skew;

struct Named {
  const char* name;
  Integrator integrator;
};

std::vector<Named> all() {
  return {{"fixed", fixed_rank_bug()},          {"augmented", augmented_bug()},
          {"two pass", two_pass_bug(3)},        {"parallel", parallel_bug()},
          {"splitting", projector_splitting()}, {"abc", abc_projector_splitting()},
          {"midpoint", midpoint_bug()}};
}

TEST(Integrators, ExactForMatricesOfTheirRank) {
  for (const double smallest : {0.5, 1e-8}) {
    const Moving path = moving(12, {1, 0.7, smallest});
    const auto from = path.at_time(0), to = path.at_time(0.1);
    const LowRank start = nearest(from, 3);
    for (const auto& integrator :
         {fixed_rank_bug(CoreGradient::held), augmented_bug(CoreGradient::held),
          projector_splitting(CoreGradient::held)}) {
      const auto found = truncate_to(along(integrator, start, to - from), 3);
      EXPECT_LT(distance(found.matrix.dense(), to), 1e-12) << smallest;
    }
  }
}

// The parallel step leaves out the corner, so its error is of second order in the step, and of
// third where no singular value is small.
TEST(Integrators, ParallelIsNotExact) {
  for (const auto& [smallest, order] : {std::pair{0.1, 3.0}, std::pair{1e-8, 2.0}}) {
    const Moving path = moving(12, {1, 0.7, smallest});
    std::vector<double> errors;
    for (const double h : {0.1, 0.01}) {
      const auto from = path.at_time(0), to = path.at_time(h);
      const auto found = along(parallel_bug(), nearest(from, 3), to - from);
      errors.push_back(distance(truncate_to(found, 3).matrix.dense(), to));
    }
    EXPECT_GT(errors[0], 1e-5);
    EXPECT_NEAR(std::log10(errors[0] / errors[1]), order, 0.15);
  }
}

TEST(Integrators, AugmentationLeavesTheMatrix) {
  const LowRank start = low_rank(15, 12, 4, 3);
  for (const auto& integrator : {augmented_bug(), two_pass_bug(2), midpoint_bug()}) {
    Step step{.start = start, .point = start, .size = 0.1};
    step.move_core = [](const at::Tensor& core, const at::Tensor&, double) { return core; };
    integrator.stages.front()(step, seen_from(start, noise(15, 12, 4)));
    EXPECT_EQ(step.point.rank(), 8);
    EXPECT_LT(distance(step.point.dense(), start.dense()), 1e-13);
    EXPECT_LT(orthogonality_error(step.point), 1e-13);
  }
}

// Gradient flow to a fixed matrix: small steps of the augmented integrators never raise the loss.
TEST(Integrators, DescendMonotonously) {
  const auto goal = noise(14, 10, 5);
  const auto gradient = seen([&](const at::Tensor& w) { return w - goal; });
  for (const auto& integrator : {augmented_bug(), two_pass_bug(2)}) {
    LowRank y = low_rank(14, 10, 3, 6);
    double before = distance(y.dense(), goal);
    for (int k = 0; k < 60; ++k) {
      const LowRank grown = run(integrator, y, 0.1, gradient);
      EXPECT_LE(distance(grown.dense(), goal), before * (1 + 1e-12));
      const auto cut = truncate(grown, {.tau = 0.05});
      before = distance(cut.matrix.dense(), goal);
      EXPECT_LE(before, distance(grown.dense(), goal) + cut.discarded + 1e-12);
      y = cut.matrix;
    }
  }
}

TEST(ParallelBug, IsAStepAlongTheTangent) {
  const LowRank start = low_rank(17, 13, 4, 7);
  const auto gradient = noise(17, 13, 8);
  const auto found = run(parallel_bug(), start, 0.3,
                         seen([&](const at::Tensor&) -> const at::Tensor& { return gradient; }));
  const auto expected = start.dense() - 0.3 * project(start, gradient);
  EXPECT_LT(distance(found.dense(), expected), 1e-13 * norm(expected));
}

// In increment form the augmented step is W - h U^ U^^T G V^ V^^T.
TEST(AugmentedBug, InIncrementForm) {
  const LowRank start = low_rank(17, 13, 4, 9);
  const auto gradient = noise(17, 13, 10);
  const auto found = run(augmented_bug(CoreGradient::held), start, 0.3,
                         seen([&](const at::Tensor&) -> const at::Tensor& { return gradient; }));
  const auto left = at::matmul(found.u, found.u.t()), right = at::matmul(found.v, found.v.t());
  const auto expected = start.dense() - 0.3 * at::matmul(at::matmul(left, gradient), right);
  EXPECT_LT(distance(found.dense(), expected), 1e-12);
  EXPECT_GT(distance(found.dense(), start.dense() - 0.3 * project(start, gradient)), 1e-3);
}

// The one-pass core gradient equals the one evaluated anew at the augmented point.
TEST(TwoPassBug, TakesTheFirstCoreStepFromTheSameGradient) {
  const LowRank start = low_rank(17, 13, 4, 11);
  const auto goal = noise(17, 13, 12);
  const auto field = seen([&](const at::Tensor& w) { return w - goal; });
  const auto one = run(two_pass_bug(1), start, 0.3, field);
  const auto anew = field({one.u, at::matmul(at::matmul(one.u.t(), start.dense()), one.v), one.v});
  const auto core = at::matmul(at::matmul(one.u.t(), start.dense()), one.v) - 0.3 * anew.s;
  EXPECT_LT(distance(one.s, core), 1e-12);
}

TEST(Integrators, DoNotSeeHowTheBasesAreTurned) {
  const LowRank start = low_rank(16, 12, 3, 13);
  const auto a = basis(3, 3, 14), b = basis(3, 3, 15);
  const LowRank turned{at::matmul(start.u, a), at::matmul(at::matmul(a.t(), start.s), b),
                       at::matmul(start.v, b)};
  // A general field: with W - goal, half of the midpoint rule's last directions would be arbitrary.
  const auto goal = noise(16, 12, 16), mix = noise(16, 16, 33), turn = noise(12, 12, 36);
  const auto field =
      seen([&](const at::Tensor& w) { return at::matmul(mix, w) + at::matmul(w, turn) - goal; });
  for (const auto& [name, integrator] : all()) {
    EXPECT_LT(distance(run(integrator, start, 0.2, field).dense(),
                       run(integrator, turned, 0.2, field).dense()),
              1e-12)
        << name;
  }
}

TEST(Integrators, TransposedProblemsHaveTransposedSolutions) {
  const LowRank start = low_rank(16, 12, 3, 17);
  const LowRank transposed{start.v, start.s.t(), start.u};
  const auto goal = noise(16, 12, 18), mix = noise(16, 16, 34), turn = noise(12, 12, 35);
  const auto at_w = [&](const at::Tensor& w) {
    return at::matmul(mix, w) + at::matmul(w, turn) - goal;
  };
  const auto field = seen(at_w);
  const auto other = seen([&](const at::Tensor& w) { return at_w(w.t()).t(); });
  for (const auto& [name, integrator] : all()) {
    const double off = distance(run(integrator, start, 0.2, field).dense().t(),
                                run(integrator, transposed, 0.2, other).dense());
    // Splitting takes K before L: the two are different methods.
    const std::string_view which = name;
    if (which == "splitting" || which == "abc") {
      EXPECT_GT(off, 1e-4) << name;
    } else {
      EXPECT_LT(off, 1e-12) << name;
    }
  }
}

// W = W^T stays so where both bases are treated alike; splitting takes one before the other.
TEST(Integrators, SymmetricProblemsStaySymmetric) {
  const auto u = basis(14, 3, 37), core = noise(3, 3, 38), goal = noise(14, 14, 39);
  const LowRank start{u, core + core.t(), u};
  const auto mix = noise(14, 14, 40);
  const auto field = seen([&](const at::Tensor& w) {
    return at::matmul(mix, w) + at::matmul(w, mix.t()) - goal - goal.t();
  });
  for (const auto& [name, integrator] : all()) {
    const auto found = run(integrator, start, 0.1, field).dense();
    const double off = distance(found, found.t());
    const std::string_view which = name;
    if (which == "splitting" || which == "abc") {
      EXPECT_GT(off, 0.01) << name;
    } else {
      EXPECT_LT(off, 1e-12) << name;
    }
  }
}

TEST(Integrators, StandStillWithoutAGradient) {
  const auto none = seen([](const at::Tensor& w) { return at::zeros_like(w); });
  for (const std::int64_t rank : {1, 4, 6, 7}) {  // 2 r > min(m, n) from 7 on
    const LowRank start = low_rank(15, 13, rank, 19);
    for (const auto& [name, integrator] : all()) {
      const auto found = run(integrator, start, 0.5, none);
      EXPECT_LT(distance(found.dense(), start.dense()), 1e-12) << name << ' ' << rank;
      EXPECT_LT(orthogonality_error(found), 1e-13) << name << ' ' << rank;
    }
  }
}

// At full rank there is nothing to lose: dense gradient descent.
TEST(Integrators, AreGradientDescentAtFullRank) {
  const auto goal = noise(9, 6, 20);
  const auto field = seen([&](const at::Tensor& w) { return w - goal; });
  const LowRank start = low_rank(9, 6, 6, 21);
  const auto expected = start.dense() - 0.3 * (start.dense() - goal);
  const double rounding = 1e-14 * norm(expected);
  EXPECT_LT(distance(run(augmented_bug(), start, 0.3, field).dense(), expected), rounding);
  EXPECT_LT(distance(run(two_pass_bug(1), start, 0.3, field).dense(), expected), rounding);
  const LowRank square = low_rank(6, 6, 6, 22);
  const auto goal_square = noise(6, 6, 23);
  const auto square_field = seen([&](const at::Tensor& w) { return w - goal_square; });
  const auto expected_square = square.dense() - 0.3 * (square.dense() - goal_square);
  EXPECT_LT(distance(run(fixed_rank_bug(), square, 0.3, square_field).dense(), expected_square),
            1e-14 * norm(expected_square));
}

// With fewer columns than rows the projected point of the fixed rank is not the start: the gradient
// of the start makes a step of gradient descent of it, the one evaluated there does not.
TEST(FixedRankBug, IsGradientDescentAtFullRankInIncrementForm) {
  for (const auto& start : {low_rank(9, 6, 6, 42), low_rank(6, 9, 6, 43)}) {
    const auto m = start.u.size(0), n = start.v.size(0);
    const auto goal = noise(m, n, 41), rows = noise(m, m, 44), columns = noise(n, n, 45);
    const auto gradient = [&](const at::Tensor& w) {
      return at::matmul(rows, w) + at::matmul(w, columns) - goal;
    };
    const auto step = [&](CoreGradient core) {
      return run(fixed_rank_bug(core), start, 0.1, seen(gradient)).dense();
    };
    const auto expected = start.dense() - 0.1 * gradient(start.dense());
    EXPECT_LT(distance(step(CoreGradient::held), expected), 1e-14 * norm(expected));
    EXPECT_GT(distance(step(CoreGradient::fresh), expected), 1e-3);
  }
}

// dW/dt = W X - Y W stays on matrices of its rank, so only the order in time is left to see.
double error_at(const Integrator& integrator, int steps) {
  const auto x = skew(8, 24), y = skew(8, 25);
  const LowRank start = low_rank(8, 8, 2, 26);
  const double h = 1.0 / steps;
  const auto field = seen([&](const at::Tensor& w) { return at::matmul(y, w) - at::matmul(w, x); });
  LowRank now = start;
  for (int k = 0; k < steps; ++k) now = truncate_to(run(integrator, now, h, field), 2).matrix;
  const auto exact =
      at::matmul(at::matmul(at::linalg_matrix_exp(-y), start.dense()), at::linalg_matrix_exp(x));
  return distance(now.dense(), exact);
}

TEST(Integrators, OrderInTime) {
  for (const auto& [name, integrator] : all()) {
    const std::string_view which = name;
    if (which == "two pass") continue;  // three steps of the core are three times the time
    const double slope = std::log2(error_at(integrator, 40) / error_at(integrator, 80));
    EXPECT_NEAR(slope, which == "midpoint" ? 2 : 1, 0.2) << name;
  }
}

// Of a direction that W lacks, s steps of the core between two truncations bring 1 - 0.95^s of the
// goal's singular value, and it stays if that is above a twentieth of all of W. The goal has twelve
// from 1 to 0.1. The start has the nine largest at a tenth of their size, in bases turned a little
// within the goal's: so the first gradients of K and L span all that is missing, and the first step
// brings in as many as ever come. Later the tolerance has grown with W, and columns that a gradient
// of zero leaves arbitrary bring in no more.
TEST(TwoPassBug, CoreStepsDecideWhichRankIsFound) {
  const auto left = basis(40, 12, 27), right = basis(30, 12, 28);
  const auto values = at::logspace(0, -1, 12, 10.0, at::kDouble);
  const auto of_core = [&](const at::Tensor& core) {
    return at::matmul(at::matmul(left, core), right.t());
  };
  const auto goal = of_core(at::diag(values));
  auto first = 0.1 * values;
  first.narrow(0, 9, 3).zero_();
  const LowRank start = nearest(of_core(at::diag(first) + 1e-4 * noise(12, 12, 29)), 9);
  const auto field = seen([&](const at::Tensor& w) { return w - goal; });
  struct Found {
    int core_steps;
    std::int64_t rank;
    double error;  // of the goal's norm
  };
  for (const auto& [core_steps, rank, error] :
       {Found{1, 9, 0.129}, Found{2, 10, 0.093}, Found{5, 11, 0.059}, Found{10, 12, 0}}) {
    LowRank y = start;
    for (int k = 0; k < 800 / core_steps; ++k) {
      y = truncate(run(two_pass_bug(core_steps), y, 0.05, field), {.tau = 0.05}).matrix;
    }
    ASSERT_EQ(y.rank(), rank) << core_steps;
    const double found = distance(y.dense(), goal);
    EXPECT_NEAR(found, norm(values.narrow(0, rank, 12 - rank)), 1e-12) << "the best of its rank";
    EXPECT_NEAR(found / norm(goal), error, 5e-4) << core_steps;
  }
}

TEST(Gradient, ProjectionIsOneAndItsNormIsKnown) {
  const LowRank at = low_rank(14, 11, 3, 30);
  const auto z = noise(14, 11, 31), other = noise(14, 11, 32);
  const auto once = project(at, z);
  EXPECT_LT(distance(project(at, once), once), 1e-13);
  EXPECT_NEAR((once * other).sum().item<double>(), (z * project(at, other)).sum().item<double>(),
              1e-12);
  EXPECT_LT(distance(project(at, at.dense()), at.dense()), 1e-13);
  EXPECT_NEAR(projected_norm_squared(seen_from(at, z)), norm(once) * norm(once), 1e-11);
}

}  // namespace
}  // namespace ranklens::optim
