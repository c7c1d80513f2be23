#include "ranklens/tn/formats/tucker_approximation.h"

#include <cmath>

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/tn/formats/hooi.h"
#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/numbers.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::relative;

/// A Tucker tensor of ranks 2x3x2 and a thousandth of noise.
at::Tensor nearly_low(at::ScalarType dtype = at::kDouble) {
  const Tucker low{
      drawn({2, 3, 2}, "core", dtype),
      {drawn({7, 2}, "0", dtype), drawn({6, 3}, "1", dtype), drawn({8, 2}, "2", dtype)}};
  return full(low) + 1e-3 * drawn({7, 6, 8}, "noise", dtype);
}

void expect_true_error(const TuckerApproximation& found, const at::Tensor& dense) {
  EXPECT_NEAR(found.error, relative(full(found.value), dense), 1e-12);
}

TEST(ApproximateTucker, KeepsEpsAndFindsTheRanks) {
  for (const auto dtype : testing::kFour) {
    const auto dense = nearly_low(dtype);
    const auto found = approximate_tucker(dense, {.eps = 1e-2});
    EXPECT_LE(found.error, 1e-2);
    EXPECT_EQ(ranks(found.value), (Shape{2, 3, 2}));
    EXPECT_LT(approximate_tucker(dense, {.eps = 0}).error, testing::loosened(1e-14, dtype));
  }
}

TEST(ApproximateTucker, RanksAreBoundsAndWin) {
  const auto dense = nearly_low();
  const auto found = approximate_tucker(dense, {.ranks = {2}});
  EXPECT_EQ(ranks(found.value), (Shape{2, 2, 2}));
  expect_true_error(found, dense);
  // Orthogonal iteration is no worse than one pass of singular vectors.
  const auto pass = st_hosvd(dense, {.bounds = {.ranks = {2, 2, 2}}});
  EXPECT_LE(found.error, pass.relative_error * (1 + 1e-9));
  EXPECT_EQ(ranks(approximate_tucker(dense, {.eps = 1e-9, .ranks = {2, 6, 1}}).value),
            (Shape{2, 2, 1}));  // no rank is above the product of the others
  // Where eps is met with less, less is taken.
  EXPECT_EQ(ranks(approximate_tucker(dense, {.eps = 1e-2, .ranks = {5}}).value), (Shape{2, 3, 2}));
}

TEST(ApproximateTucker, RanksThatNoModeHasAreRefused) {
  const auto dense = nearly_low();  // 7 x 6 x 8
  EXPECT_EQ(ranks(approximate_tucker(dense, {.ranks = {8}}).value), (Shape{7, 6, 8}));
  expect_error([&] { approximate_tucker(dense, {.ranks = {9}}); },
               "rank 9 is above 8, the most that any mode can have");
  expect_error([&] { approximate_tucker(dense, {.eps = 0.1, .ranks = {2, 7, 2}}); },
               "rank 7 of mode 1 is above 6, the most that this mode can have");
  // A mode of ten beside two of two has no more than four.
  expect_error([] { approximate_tucker(drawn({2, 10, 2}, "dense"), {.ranks = {2, 5, 2}}); },
               "rank 5 of mode 1 is above 4");
  const Tucker small{drawn({2, 2, 2}, "core"),
                     {drawn({7, 2}, "0"), drawn({6, 2}, "1"), drawn({8, 2}, "2")}};
  // Held against the modes, not against a core that is smaller already.
  EXPECT_EQ(ranks(round(small, {.ranks = {5, 5, 5}}).value), (Shape{2, 2, 2}));
  expect_error([&] { round(small, {.ranks = {9}}); }, "rank 9 is above 8");
  expect_error([&] { round(small, {.ranks = {2, 2, 9}}); }, "rank 9 of mode 2 is above 8");
}

double joint_norm(const std::vector<at::Tensor>& spectra) {
  double squared = 0;
  for (const auto& values : spectra) squared += std::pow(frobenius(values), 2);
  return std::sqrt(squared);
}

TEST(ApproximateTucker, TellsTheSingularValuesCutOff) {
  for (const auto dtype : testing::kFour) {
    const auto dense = nearly_low(dtype);
    // Cuts one after another: what they discard is orthogonal.
    const auto by_eps = approximate_tucker(dense, {.eps = 1e-2});
    ASSERT_EQ(by_eps.discarded_values.size(), 3U);
    EXPECT_NEAR(joint_norm(by_eps.discarded_values) / frobenius(dense), by_eps.error, 1e-6);
    // Sweeps: of each mode, the tensor contracted with the other factors.
    const auto by_ranks = approximate_tucker(dense, {.ranks = {2, 3, 2}});
    ASSERT_EQ(by_ranks.discarded_values.size(), 3U);
    for (std::int64_t mode = 0; mode < 3; ++mode) {
      auto left = dense;
      for (std::int64_t other = 0; other < 3; ++other)
        if (other != mode)
          left = mode_product(
              left, other,
              by_ranks.value.factors[static_cast<std::size_t>(other)].mH().resolve_conj());
      const auto& values = by_ranks.discarded_values[static_cast<std::size_t>(mode)];
      const auto all = at::linalg_svdvals(unfolding(left, mode)).to(at::kDouble);
      const auto behind = all.slice(0, mode == 1 ? 3 : 2);
      ASSERT_EQ(values.numel(), behind.numel());
      EXPECT_GT(values.numel(), 0);
      EXPECT_LT((values - behind).abs().max().item<double>(),
                (testing::is_narrow(dtype) ? 1e-4 : 1e-6) * frobenius(all));
    }
    const Tucker tucker{
        drawn({4, 3, 6}, "core", dtype),
        {drawn({5, 4}, "0", dtype), drawn({6, 3}, "1", dtype), drawn({8, 6}, "2", dtype)}};
    const auto rounded = round(tucker, {.eps = 0.3});
    ASSERT_EQ(rounded.discarded_values.size(), 3U);
    EXPECT_NEAR(joint_norm(rounded.discarded_values) / frobenius(full(tucker)), rounded.error,
                1e-5);
  }
}

TEST(ApproximateTucker, RoundingIsThatOfTheTensor) {
  for (const auto dtype : testing::kFour) {
    const Tucker tucker{
        drawn({4, 3, 6}, "core", dtype),
        {drawn({3, 4}, "0", dtype), drawn({6, 3}, "1", dtype), drawn({8, 6}, "2", dtype)}};
    const auto dense = full(tucker);
    for (const auto& closeness : {Closeness{.eps = 0.3}, Closeness{.ranks = {2}}}) {
      const auto rounded = round(tucker, closeness), direct = approximate_tucker(dense, closeness);
      EXPECT_EQ(ranks(rounded.value), ranks(direct.value));
      EXPECT_NEAR(rounded.error, direct.error, 1e-5);
      EXPECT_NEAR(rounded.error, relative(full(rounded.value), dense), 1e-5);
      for (const auto& factor : rounded.value.factors) {
        const auto gram = at::mm(factor.mH(), factor);
        EXPECT_LT(relative(gram, at::eye(gram.size(0), gram.options())), 1e-4);
      }
    }
  }
}

TEST(ApproximateTucker, ZerosAndFaults) {
  const auto zero = at::zeros({2, 3}, at::kDouble);
  EXPECT_EQ(approximate_tucker(zero, {.eps = 0.1}).error, 0);
  EXPECT_EQ(approximate_tucker(zero, {.ranks = {1}}).error, 0);
  expect_error([] { approximate_tucker(nearly_low(), {.ranks = {2, 2}}); },
               "3 modes, but 2 ranks are given");
  expect_error([] { approximate_tucker(nearly_low(), {.ranks = {0}}); }, "at least 1, not 0");
}

}  // namespace
}  // namespace ranklens::tn
