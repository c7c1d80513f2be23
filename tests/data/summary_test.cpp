#include "ranklens/data/summary.h"

#include <cmath>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ranklens::data {
namespace {

TEST(Summary, CountsAndMoments) {
  Dataset data;
  data.images = at::tensor({0, 255, 51, 102, 255, 255}).to(at::kByte).reshape({3, 2, 1, 1});
  data.labels = at::tensor({2, 0, 2}, at::kLong);
  data.masks = at::tensor({1, 0, 1}).to(at::kByte).reshape({3, 1, 1});
  data.classes = {"a", "b", "c", "d"};
  const Summary summary = summarise(data);
  EXPECT_THAT(summary.counts, ::testing::ElementsAre(1, 0, 2, 0));
  // Channel 0: 0, 0.2, 1; channel 1: 1, 0.4, 1.
  EXPECT_THAT(summary.mean, ::testing::ElementsAre(::testing::DoubleNear(0.4, 1e-6),
                                                   ::testing::DoubleNear(0.8, 1e-6)));
  EXPECT_NEAR(summary.deviation[0], std::sqrt((0.16 + 0.04 + 0.36) / 3), 1e-6);
  EXPECT_NEAR(summary.mask_share, 2.0 / 3, 1e-12);
  EXPECT_EQ(summary.with_shortcut, 0);
  data.shortcut_masks = at::zeros({3, 1, 1}, at::kByte);
  data.shortcut_masks[1] = 1;
  EXPECT_EQ(summarise(data).with_shortcut, 1);
}

}  // namespace
}  // namespace ranklens::data
