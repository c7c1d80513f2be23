#include "ranklens/optim/tensor_train/sweep_search.h"

#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "optim/low_rank/matrices.h"

namespace ranklens::optim {
namespace {

using testing::distance;
using testing::noise;
using testing::norm;

/// x^T A x / 2 - b^T x with eigenvalues of A from 1 to 100.
struct Bowl {
  at::Tensor a, b;

  static Bowl make(std::int64_t n, std::uint64_t seed) {
    const auto q = testing::basis(n, n, seed);
    const auto root = at::ones({n}, at::kDouble).cumsum(0).sub(1).div(n - 1).mul(2);
    return {at::matmul(q * at::full({n}, 10., at::kDouble).pow(root), q.t()),
            noise(n, 1, seed + 1)};
  }
  LocalFunction function() const {
    return {.value = [*this](const at::Tensor& x) { return at(x); },
            .value_and_gradient =
                [*this](const at::Tensor& x) { return LocalValue{at(x), at::matmul(a, x) - b}; }};
  }
  double at(const at::Tensor& x) const {
    return (x * (at::matmul(a, x) / 2 - b)).sum().item<double>();
  }
  at::Tensor lowest() const { return at::matmul(a.inverse(), b); }
};

// Conjugate gradients end after as many steps as there are dimensions; steepest descent, at this
// condition, is nowhere near.
TEST(Descend, IsExactOnAQuadraticAfterAsManySteps) {
  const auto bowl = Bowl::make(8, 1);
  const auto start = noise(8, 1, 5);
  const auto found = descend(bowl.function(), start, {.iterations = 8});
  EXPECT_LT(distance(found.point, bowl.lowest()), 1e-5 * norm(bowl.lowest()));
  EXPECT_NEAR(found.before, bowl.at(start), 1e-12);
  EXPECT_NEAR(found.after, bowl.at(found.point), 1e-12);
  const auto fewer = descend(bowl.function(), start, {.iterations = 4});
  EXPECT_GT(distance(fewer.point, bowl.lowest()), 1e-3 * norm(bowl.lowest()));
}

TEST(Descend, StaysWithinItsReach) {
  const auto bowl = Bowl::make(8, 2);
  const auto start = noise(8, 1, 6) * 100;
  const auto found = descend(bowl.function(), start, {.iterations = 20, .reach = 0.02});
  EXPECT_LE(distance(found.point, start), 0.02 * norm(start) * (1 + 1e-12));
  EXPECT_GT(distance(found.point, start), 0.0199 * norm(start));
  EXPECT_LT(found.after, found.before);
  EXPECT_EQ(distance(descend(bowl.function(), start, {.reach = 0}).point, start), 0);
}

TEST(Descend, NeverRaisesTheValue) {
  const auto slope = noise(5, 1, 7) * 3;
  const auto value = [&](const at::Tensor& x) {
    return ((x * 4).cos() + 0.1 * slope * x).sum().item<double>();
  };
  const LocalFunction function{.value = value, .value_and_gradient = [&](const at::Tensor& x) {
                                 return LocalValue{value(x), -4 * (x * 4).sin() + 0.1 * slope};
                               }};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto start = 10 * noise(5, 1, seed);  // the first trial is farther than a valley
    const auto found = descend(function, start, {.iterations = 6});
    EXPECT_LT(found.after, found.before);
    EXPECT_EQ(found.after, value(found.point));
  }
}

// A valley of width 1e-3 in a slope upwards: the first trial lies a hundred widths behind it, and
// the parabola through it a quarter of that.
TEST(Descend, GoesBackUntilTheValueIsLower) {
  constexpr double kWidth = 1e-3;
  const auto value = [](const at::Tensor& x) {
    const double u = x.item<double>() - 1;
    return u / 2 - u * std::exp(-u / kWidth);
  };
  const LocalFunction function{
      .value = value, .value_and_gradient = [&](const at::Tensor& x) {
        const double u = x.item<double>() - 1;
        return LocalValue{
            value(x), at::full({1}, 0.5 - (1 - u / kWidth) * std::exp(-u / kWidth), at::kDouble)};
      }};
  const auto found = descend(function, at::ones({1}, at::kDouble), {.iterations = 1});
  EXPECT_LT(found.after, 0);
  EXPECT_GT(found.point.item<double>(), 1);
  EXPECT_LT(found.point.item<double>(), 1 + kWidth);
}

// sqrt(1 - x) has no value beyond 1, where the first trial lies.
TEST(Descend, TakesAValueThatIsNoneForAStepTooFar) {
  const auto value = [](const at::Tensor& x) { return (1 - x).sqrt().sum().item<double>(); };
  const LocalFunction function{.value = value, .value_and_gradient = [&](const at::Tensor& x) {
                                 return LocalValue{value(x), -0.5 / (1 - x).sqrt()};
                               }};
  const auto start = at::tensor({0.99}, at::kDouble);
  const auto found = descend(function, start, {.iterations = 1});
  EXPECT_TRUE(std::isfinite(found.after));
  EXPECT_LT(found.after, found.before);
}

TEST(Descend, DoesNothingFromWhereThereIsNoValueOrNoGradient) {
  const auto start = at::tensor({1., 2.}, at::kDouble);
  const double none = std::numeric_limits<double>::quiet_NaN();
  const LocalFunction lost{
      .value = [&](const at::Tensor&) { return none; },
      .value_and_gradient = [&](const at::Tensor& x) { return LocalValue{none, x}; }};
  EXPECT_TRUE(std::isnan(descend(lost, start).before));
  EXPECT_TRUE(descend(lost, start).point.equal(start));
  const LocalFunction flat{
      .value = [](const at::Tensor&) { return 3.; },
      .value_and_gradient = [](const at::Tensor&) { return LocalValue{3, {}}; }};
  EXPECT_TRUE(descend(flat, start).point.equal(start));
  EXPECT_EQ(descend(flat, start).after, 3);
}

TEST(Descend, TakesAGradientThatIsNoneAtTheStartForALossThatIsNone) {
  const auto start = at::tensor({1., 2.}, at::kDouble);
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    int trials = 0;
    const LocalFunction steep{
        .value = [&](const at::Tensor&) { return static_cast<double>(++trials); },
        .value_and_gradient =
            [&](const at::Tensor&) { return LocalValue{3, at::tensor({1., bad}, at::kDouble)}; }};
    const auto found = descend(steep, start);
    EXPECT_TRUE(std::isnan(found.before));
    EXPECT_TRUE(found.point.equal(start));
    EXPECT_EQ(trials, 0);
  }
}

}  // namespace
}  // namespace ranklens::optim
