#include "ranklens/compress/rank_path.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

namespace ranklens::compress {
namespace {

/// Squares 16, 9, 4 and 1 of 30; 3 and 1 of 4, and a last value that is rounding.
Tails two_cuts() {
  return Tails({at::tensor({4.0, 3.0, 2.0, 1.0}), at::tensor({1.7320508075688772, 1.0, 1e-15})});
}

TEST(Tails, AreSharesOfSquaresBehindARank) {
  const auto tails = two_cuts();
  EXPECT_NEAR(tails.behind(0, 1), 14. / 30, 1e-15);
  EXPECT_NEAR(tails.behind(0, 3), 1. / 30, 1e-15);
  EXPECT_EQ(tails.behind(0, 4), 0);
  EXPECT_EQ(tails.behind(0, 9), 0);
  EXPECT_NEAR(tails.behind(1, 1), 0.25, 1e-15);
  EXPECT_EQ(tails.exact(), (nn::Shape{4, 2}));
}

TEST(Tails, BoundAndEstimateTheErrorOfAllCuts) {
  const auto tails = two_cuts();
  EXPECT_NEAR(tails.most_behind({2, 1}), 0.25, 1e-15);
  EXPECT_NEAR(tails.most_behind({1, 1}), 14. / 30, 1e-15);
  // Each cut keeps its share of what the other keeps.
  EXPECT_NEAR(tails.estimated_error({1, 1}), 1 - (16. / 30) * 0.75, 1e-15);
  EXPECT_NEAR(tails.estimated_error({2, 2}), 5. / 30, 1e-15);
  EXPECT_EQ(tails.estimated_error({4, 2}), 0);
}

TEST(Lowered, GoesWhereItCostsLeastForTheNumbersSaved) {
  const auto tails = two_cuts();
  const auto numbers = [](std::int64_t first, std::int64_t second) {
    return [=](const nn::Shape& ranks) { return first * ranks[0] + second * ranks[1]; };
  };
  // Lowering the first cut loses 1/30, the second 1/4.
  EXPECT_EQ(lowered({4, 2}, tails, numbers(10, 10)), (nn::Shape{3, 2}));
  // Unless a rank of the second saves ten times as many numbers.
  EXPECT_EQ(lowered({4, 2}, tails, numbers(10, 100)), (nn::Shape{4, 1}));
  EXPECT_EQ(lowered({4, 1}, tails, numbers(10, 100)), (nn::Shape{3, 1}));
  EXPECT_EQ(lowered({1, 1}, tails, numbers(10, 10)), (nn::Shape{1, 1}));
}

}  // namespace
}  // namespace ranklens::compress
