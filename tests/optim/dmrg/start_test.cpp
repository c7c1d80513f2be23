#include "ranklens/optim/dmrg/start.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/log.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"

#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

/// Grey values of which four fifths are 0; the first site is black in all samples.
at::Tensor greys(std::int64_t samples, std::int64_t sites, std::uint64_t seed) {
  base::Stream stream(seed, "noise", "greys");
  auto grey = at::relu(stream.uniform({samples, sites}, -4, 1, at::kDouble));
  grey.select(1, 0).fill_(0);
  return grey;
}

TEST(ConstantVectors, AreOnesWhereFeaturesAddUpToOne) {
  const auto grey = greys(300, 5, 1);
  const auto found = constant_vectors(at::stack({1 - grey, grey}, -1));
  EXPECT_LT((found - at::ones_like(found)).abs().max().item<double>(), 1e-12);
  // Of another scale, its inverse; the site that is always black, too.
  const auto scaled = constant_vectors(1e-3 * at::stack({1 - grey, grey}, -1));
  EXPECT_LT((scaled - 1e3 * at::ones_like(found)).abs().max().item<double>(), 1e-8);
}

TEST(ConstantVectors, AreNearerToOneThanEqualEntries) {
  const auto angle = greys(2000, 6, 2) * (M_PI / 2);
  const auto features = at::stack({at::cos(angle), at::sin(angle)}, -1);
  const auto off = [&](const at::Tensor& vectors) {
    return ((features * vectors).sum(2) - 1).square().mean().item<double>();
  };
  const auto found = constant_vectors(features);
  EXPECT_LT(off(found), 0.5 * off(at::ones_like(found)));
  // Nothing near it does much better.
  base::Stream stream(3, "noise", "near");
  for (int k = 0; k < 20; ++k) {
    const auto near = found + stream.normal(found.sizes(), 0, 0.02, at::kDouble);
    EXPECT_GT(off(near), off(found) * (1 - 1e-3));
  }
}

TEST(StartState, IsAboutOneForEverySampleAndClass) {
  const auto grey = greys(200, 196, 4);
  for (const auto type : {at::kFloat, at::kDouble}) {
    const auto angle = grey * (M_PI / 2);
    const auto lines = at::stack({1 - grey, grey}, -1).to(type),
               cosines = at::stack({at::cos(angle), at::sin(angle)}, -1).to(type);
    for (const auto& features : {lines, cosines, 1e-5 * lines}) {
      const auto state = start_state(features, 3, 4, 1);
      const auto found = values(state, features).to(at::kDouble);
      EXPECT_GT(found.min().item<double>(), 0.01);
      EXPECT_LT(found.max().item<double>(), 100);
      EXPECT_LT(std::abs(at::log(found).mean().item<double>()), 0.3);
    }
  }
}

TEST(StartState, IsOrthogonalTowardsTheMiddleAndOfTheSeed) {
  const auto grey = greys(50, 7, 5);
  const auto features = at::stack({1 - grey, grey}, -1);
  const auto state = start_state(features, 3, 4, 1);
  ASSERT_EQ(state.centre, 3U);
  EXPECT_EQ(state.cores[3].sizes(), (std::vector<std::int64_t>{4, 2, 3, 4}));
  EXPECT_NEAR(state.cores[3].norm().item<double>(), 1, 1e-12);
  for (std::size_t k = 0; k < state.cores.size(); ++k) {
    if (k == 3) continue;
    const auto rows = k < 3 ? state.cores[k].flatten(0, 1).t() : state.cores[k].flatten(1);
    const auto off = at::matmul(rows, rows.t()) - at::eye(rows.size(0), rows.options());
    EXPECT_LT(off.abs().max().item<double>(), 1e-12) << k;
  }
  EXPECT_TRUE(at::equal(start_state(features, 3, 4, 1).cores[3], state.cores[3]));
  EXPECT_FALSE(at::equal(start_state(features, 3, 4, 2).cores[3], state.cores[3]));
}

TEST(StartState, RefusesOtherFeatures) {
  const auto grey = greys(5, 3, 6);
  const auto features = at::stack({1 - grey, grey}, -1);
  testing::expect_error([&] { start_state(grey, 2, 4, 1); }, "[samples, sites, d]");
  testing::expect_error([&] { start_state(features.narrow(1, 0, 1), 2, 4, 1); }, "two sites");
  testing::expect_error([&] { start_state(features.to(at::kHalf), 2, 4, 1); },
                        "float32 or float64");
  testing::expect_error([&] { start_state(features, 2, 0, 1); }, "at least 1");
}

}  // namespace
}  // namespace ranklens::optim
