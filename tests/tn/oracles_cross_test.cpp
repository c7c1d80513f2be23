#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/stack.h>

#include "ranklens/tn/train/cross.h"

#include "tn/values.h"

// Functions on which cross interpolation fails, or would without noticing: the result says so.
namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

/// 1 where both pairs of indices agree, else 0: ranks n, 1, n, and nearly all entries are zero.
at::Tensor two_diagonals(const at::Tensor& i) {
  return ((i.select(1, 0) == i.select(1, 1)) & (i.select(1, 2) == i.select(1, 3))).to(at::kDouble);
}

TEST(OracleCross, EntriesThatAreRareAreFound) {
  const auto found = cross(two_diagonals, Shape(4, 40), {.eps = 1e-6});
  ASSERT_TRUE(found.converged) << found.failure;
  const auto i = at::arange(40, at::kLong);
  const auto there = at::stack({i, i, i.flip(0), i.flip(0)}, 1);
  EXPECT_LT(relative(elements(found.train, there), at::ones({40}, at::kDouble)), 1e-9);
  EXPECT_EQ(ranks(found.train)[0], 40);
}

// One entry in 2.56 10^10: no sample finds it, and zero everywhere is no result.
TEST(OracleCross, ZerosAloneAreNoConvergence) {
  const auto spike = [](const at::Tensor& i) { return (i == 17).all(1).to(at::kDouble); };
  const auto found = cross(spike, Shape(8, 20), {});
  EXPECT_FALSE(found.converged);
  EXPECT_THAT(found.failure, ::testing::HasSubstr("asked for are zero"));
  // Where all entries can be looked at there is no doubt.
  const auto small = cross(spike, {20, 20, 20}, {});
  EXPECT_TRUE(small.converged) << small.failure;
  EXPECT_NEAR(element(small.train, {17, 17, 17}).item<double>(), 1, 1e-12);
  const auto zero = cross([](const at::Tensor& i) { return i.select(1, 0).to(at::kDouble) * 0; },
                          {20, 20, 20}, {});
  EXPECT_TRUE(zero.converged) << zero.failure;
  EXPECT_EQ(norm_of(full(zero.train)), 0);
}

TEST(OracleCross, RanksAboveTheBoundAreReported) {
  const auto found = cross(two_diagonals, Shape(4, 12), {.eps = 1e-6, .max_rank = 5});
  EXPECT_FALSE(found.converged);
  EXPECT_THAT(found.failure, ::testing::HasSubstr("the most allowed"));
}

// What is reported is what fresh entries show, whether it converged or not.
TEST(OracleCross, TheStatedErrorIsThatOfFreshEntries) {
  const auto kink = [](const at::Tensor& i) {
    return (i.to(at::kDouble).sum(1) - 20.3).abs().sqrt();
  };
  for (const std::int64_t most : {2, 4, 30}) {
    const auto found = cross(kink, Shape(4, 11), {.eps = 1e-4, .max_rank = most, .max_sweeps = 6});
    const auto fresh = base::Stream(79, "noise").integers({5000, 4}, 11);
    const double error = relative(elements(found.train, fresh), kink(fresh));
    EXPECT_EQ(found.converged, found.failure.empty());
    EXPECT_EQ(found.converged, most == 30);
    if (!found.converged) {
      EXPECT_NEAR(error / found.error, 1, 0.5);
    } else {
      EXPECT_LE(found.error, 1e-4);
      EXPECT_LT(error, 1e-3);
    }
  }
}

}  // namespace
}  // namespace ranklens::tn
