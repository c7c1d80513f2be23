// The integrators of kernels in Tucker-2 form against what is known of them exactly. Sources of the
// identities: Ceruti and Lubich 2022; Ceruti, Kusch and Lubich 2022 and 2024; Zangrando,
// Schotthöfer, Ceruti, Kusch and Tudisco 2023.
#include "ranklens/optim/low_rank/tucker_integrator.h"

#include <cmath>
#include <string_view>
#include <vector>

#include <ATen/ops/linalg_matrix_exp.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/tucker_truncate.h"

#include "optim/low_rank/kernels.h"

namespace ranklens::optim {
namespace {

using testing::basis;
using testing::block;
using testing::distance;
using testing::kernel;
using testing::noise;
using testing::norm;
using testing::onto;
using testing::seen_kernel;

struct NamedKernelStep {
  const char* name;
  TuckerIntegrator integrator;
};

std::vector<NamedKernelStep> all_of_kernels() {
  return {{"fixed", tucker_fixed_rank_bug()},
          {"augmented", tucker_augmented_bug()},
          {"two pass", tucker_two_pass_bug(1)},
          {"parallel", tucker_parallel_bug()}};
}

at::Tensor skew_of(std::int64_t n, std::uint64_t seed) {
  const auto a = noise(n, n, seed) / std::sqrt(static_cast<double>(n));
  return a - a.t();
}

// A general field on kernels [12, 10, 3, 2], with the roles of the modes exchangeable.
at::Tensor general(const at::Tensor& w) {
  return tn::mode_product(w, 0, noise(12, 12, 200)) + tn::mode_product(w, 1, noise(10, 10, 201)) -
         block({12, 10, 3, 2}, 202);
}

// W(t) = C times e^{tX} U and e^{tY} V: ranks are constant, bases move.
TEST(TuckerIntegrators, ExactForKernelsOfTheirRanks) {
  for (const double smallest : {1.0, 1e-8}) {
    auto start = kernel(12, 10, 3, 2, 1);
    start.core.select(0, 2).mul_(smallest);
    const auto x = at::linalg_matrix_exp(0.1 * skew_of(12, 2)),
               y = at::linalg_matrix_exp(0.1 * skew_of(10, 3));
    const auto to =
        TuckerKernel{at::matmul(x, start.u), start.core, at::matmul(y, start.v)}.dense();
    const auto increment = to - start.dense();
    const auto field = seen_kernel([&](const at::Tensor&) { return -increment; });
    for (const auto& [name, integrator] : all_of_kernels()) {
      const auto found = run(integrator, start, 1, field);
      const auto cut_down = cut(found, mode_values(found.core), {3, 2});
      const double error = distance(cut_down.kernel.dense(), to);
      if (std::string_view(name) == "parallel") {  // leaves out where both modes are new
        EXPECT_GT(error, 1e-6) << name;
      } else {
        EXPECT_LT(error, 1e-12) << name << ' ' << smallest;
      }
    }
  }
}

TEST(TuckerIntegrators, AugmentationLeavesTheKernel) {
  const auto start = kernel(15, 12, 4, 3, 4);
  for (const auto& integrator : {tucker_augmented_bug(), tucker_two_pass_bug(2)}) {
    TuckerStep step{.start = start, .point = start, .size = 0.1};
    step.move_core = [](const at::Tensor& core, const at::Tensor&, double) { return core; };
    integrator.stages.front()(step, seen_from(start, block({15, 12, 3, 2}, 5)));
    EXPECT_EQ(step.point.core.sizes(), (at::IntArrayRef{8, 6, 3, 2}));
    EXPECT_LT(distance(step.point.dense(), start.dense()), 1e-13);
    EXPECT_LT(orthogonality_error(step.point), 1e-13);
    EXPECT_LT(distance(step.point.u.narrow(1, 0, 4), start.u), 1e-15);
  }
}

// The new columns span, with the old, what G leaves of the held rows; the core's step is that of
// the kernel between the augmented bases.
TEST(TuckerBug, OneStepInClosedForm) {
  const auto start = kernel(12, 10, 3, 2, 6);
  const auto g = block({12, 10, 3, 2}, 7);
  const auto field = seen_kernel([&](const at::Tensor&) { return g; });
  for (const auto& integrator : {tucker_augmented_bug(), tucker_two_pass_bug(1)}) {
    const auto found = run(integrator, start, 0.3, field);
    const auto expected = start.dense() - 0.3 * onto(found.v, onto(found.u, g, 0), 1);
    EXPECT_LT(distance(found.dense(), expected), 1e-12);
    const auto seen = seen_from(start, g);
    for (const auto& [wide, k] : {std::pair{found.u, seen.k_out}, std::pair{found.v, seen.k_in}}) {
      EXPECT_LT(distance(at::matmul(wide, at::matmul(wide.t(), k)), k), 1e-12);
    }
    EXPECT_GT(distance(found.dense(), start.dense() - 0.3 * tangent(start, seen).dense()), 1e-3);
  }
}

// The later steps of the core stay in the augmented bases.
TEST(TuckerBug, CoreStepsDescendInTheAugmentedBases) {
  const auto start = kernel(12, 10, 3, 2, 8);
  const auto goal = block({12, 10, 3, 2}, 9);
  const auto field = seen_kernel([&](const at::Tensor& w) { return w - goal; });
  const auto one = run(tucker_two_pass_bug(1), start, 0.3, field);
  const auto three = run(tucker_two_pass_bug(3), start, 0.3, field);
  const auto inside = onto(one.v, onto(one.u, goal, 0), 1);
  EXPECT_LT(distance(three.dense(), inside + std::pow(0.7, 3) * (start.dense() - inside)), 1e-12);
}

TEST(TuckerParallelBug, IsAStepAlongTheTangent) {
  const auto start = kernel(12, 10, 3, 2, 10);
  const auto g = block({12, 10, 3, 2}, 11);
  const auto found =
      run(tucker_parallel_bug(), start, 0.3, seen_kernel([&](const at::Tensor&) { return g; }));
  EXPECT_EQ(found.core.sizes(), (at::IntArrayRef{6, 4, 3, 2}));
  const auto expected = start.dense() - 0.3 * tangent(start, seen_from(start, g)).dense();
  EXPECT_LT(distance(found.dense(), expected), 1e-12);
  EXPECT_LT(orthogonality_error(found), 1e-13);
}

// Where the bases are whole there is nothing to lose: dense gradient descent, to the last digit of
// the method.
TEST(TuckerIntegrators, AreGradientDescentAtFullRanks) {
  const auto start = kernel(6, 5, 6, 5, 12);
  const auto goal = block({6, 5, 3, 2}, 13);
  const auto field = seen_kernel([&](const at::Tensor& w) { return w - goal; });
  const auto expected = start.dense() - 0.3 * (start.dense() - goal);
  for (const auto& [name, integrator] : all_of_kernels()) {
    EXPECT_LT(distance(run(integrator, start, 0.3, field).dense(), expected), 1e-12) << name;
  }
  EXPECT_LT(distance(run(tucker_core_alone(), start, 0.3, field).dense(), expected), 1e-12);
}

TEST(TuckerIntegrators, DoNotSeeHowTheBasesAreTurned) {
  const auto start = kernel(12, 10, 3, 2, 14);
  const auto a = basis(3, 3, 15), b = basis(2, 2, 16);
  const TuckerKernel turned{at::matmul(start.u, a), contracted(start.core, a, b),
                            at::matmul(start.v, b)};
  for (const auto& [name, integrator] : all_of_kernels()) {
    EXPECT_LT(distance(run(integrator, start, 0.2, seen_kernel(general)).dense(),
                       run(integrator, turned, 0.2, seen_kernel(general)).dense()),
              1e-11)
        << name;
  }
}

TEST(TuckerIntegrators, TreatBothModesAlike) {
  const auto start = kernel(12, 10, 3, 2, 17);
  const auto other = seen_kernel(
      [&](const at::Tensor& w) { return general(w.transpose(0, 1)).transpose(0, 1).contiguous(); });
  for (const auto& [name, integrator] : all_of_kernels()) {
    const auto one = run(integrator, start, 0.2, seen_kernel(general)).dense();
    const auto swapped = run(integrator, testing::exchanged(start), 0.2, other).dense();
    EXPECT_LT(distance(one, swapped.transpose(0, 1)), 1e-11) << name;
  }
}

TEST(TuckerIntegrators, StandStillWithoutAGradient) {
  const auto none = seen_kernel([](const at::Tensor& w) { return at::zeros_like(w); });
  for (const auto& [p, q] : {std::pair{1, 1}, std::pair{4, 2}, std::pair{7, 8}, std::pair{2, 9}}) {
    const auto start = kernel(12, 10, p, q, 18);
    for (const auto& [name, integrator] : all_of_kernels()) {
      const auto found = run(integrator, start, 0.5, none);
      EXPECT_LT(distance(found.dense(), start.dense()), 1e-12) << name << ' ' << p;
      EXPECT_LT(orthogonality_error(found), 1e-13) << name << ' ' << p;
    }
  }
}

TEST(TuckerIntegrators, DescendMonotonously) {
  const auto goal = block({12, 10, 3, 2}, 19);
  const auto gradient = seen_kernel([&](const at::Tensor& w) { return w - goal; });
  for (const auto& integrator : {tucker_augmented_bug(), tucker_two_pass_bug(2)}) {
    auto y = kernel(12, 10, 3, 2, 20);
    double before = distance(y.dense(), goal);
    for (int k = 0; k < 40; ++k) {
      const auto grown = run(integrator, y, 0.1, gradient);
      EXPECT_LE(distance(grown.dense(), goal), before * (1 + 1e-12));
      const auto cut_down = truncate(grown, {.tau = 0.05});
      before = distance(cut_down.kernel.dense(), goal);
      EXPECT_LE(before, distance(grown.dense(), goal) + cut_down.discarded + 1e-12);
      y = cut_down.kernel;
    }
  }
}

// dW/dt = -X W - Y W, one in each mode, stays on kernels of its ranks.
double kernel_error_at(const TuckerIntegrator& integrator, int steps) {
  const auto x = skew_of(8, 21), y = skew_of(7, 22);
  const auto start = kernel(8, 7, 2, 3, 23);
  const auto field = seen_kernel(
      [&](const at::Tensor& w) { return tn::mode_product(w, 0, x) + tn::mode_product(w, 1, y); });
  auto now = start;
  for (int k = 0; k < steps; ++k) {
    const auto grown = run(integrator, now, 1.0 / steps, field);
    now = cut(grown, mode_values(grown.core), {2, 3}).kernel;
  }
  const TuckerKernel exact{at::matmul(at::linalg_matrix_exp(-x), start.u), start.core,
                           at::matmul(at::linalg_matrix_exp(-y), start.v)};
  return distance(now.dense(), exact.dense());
}

TEST(TuckerIntegrators, OrderInTime) {
  for (const auto& [name, integrator] : all_of_kernels()) {
    const double slope =
        std::log2(kernel_error_at(integrator, 40) / kernel_error_at(integrator, 80));
    EXPECT_NEAR(slope, 1, 0.2) << name;
  }
}

// Gradient flow to a kernel of ranks 5 and 3, from below and from above: each mode finds its own.
TEST(TuckerBug, FindsTheRanksOfBothModes) {
  const auto goal = kernel(12, 10, 5, 3, 24).dense();
  const auto field = seen_kernel([&](const at::Tensor& w) { return w - goal; });
  for (const auto& start : {kernel(12, 10, 1, 1, 25), kernel(12, 10, 8, 9, 26)}) {
    auto y = start;
    for (int k = 0; k < 100; ++k) {
      y = truncate(run(tucker_two_pass_bug(10), y, 0.05, field), {.tau = 0.05, .floor = 1}).kernel;
    }
    EXPECT_EQ(y.core.size(0), 5);
    EXPECT_EQ(y.core.size(1), 3);
    EXPECT_LT(distance(y.dense(), goal), 1e-6 * norm(goal));
  }
}

}  // namespace
}  // namespace ranklens::optim
