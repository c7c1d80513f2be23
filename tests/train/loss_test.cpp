#include "ranklens/train/loss.h"

#include <cmath>

#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::train {
namespace {

// Logits log(p): softmax gives p back, so the loss is a sum of known logarithms.
at::Tensor logits() {
  return at::tensor({0.5, 0.25, 0.25, 0.1, 0.1, 0.8}, at::kDouble).view({2, 3}).log();
}
at::Tensor labels() { return at::tensor({0, 1}, at::kLong); }

TEST(CrossEntropy, ClosedForm) {
  EXPECT_NEAR(cross_entropy_sum(logits(), labels()).item<double>(), -std::log(0.5) - std::log(0.1),
              1e-12);
  const double mean = (std::log(0.5) + 2 * std::log(0.25) + 2 * std::log(0.1) + std::log(0.8)) / 3;
  EXPECT_NEAR(cross_entropy_sum(logits(), labels(), 0.2).item<double>(),
              -0.8 * (std::log(0.5) + std::log(0.1)) - 0.2 * mean, 1e-12);
}

TEST(CrossEntropy, HalfPrecisionIsSummedInFloat32) {
  const auto loss = cross_entropy_sum(logits().to(at::kBFloat16), labels());
  EXPECT_EQ(loss.scalar_type(), at::kFloat);
  EXPECT_NEAR(loss.item<double>(), -std::log(0.05), 0.03);
}

TEST(CrossEntropy, RefusesOtherShapes) {
  EXPECT_THAT(ranklens::testing::error_of([] { cross_entropy_sum(logits().view({6}), labels()); }),
              ::testing::HasSubstr("gives [6] for a batch of 2"));
}

TEST(CountCorrect, Counts) {
  EXPECT_EQ(count_correct(logits(), labels()), 1);
  EXPECT_EQ(count_correct(logits(), at::tensor({0, 2}, at::kLong)), 2);
}

}  // namespace
}  // namespace ranklens::train
