#include "ranklens/optim/clip.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

std::vector<at::Tensor> gradients() {
  return {at::tensor({3.0F, 0.0F}), at::Tensor(), at::tensor({-4.0F}), at::tensor({12.0F})};
}

TEST(ClipNorm, ScalesTheWholeToTheLimit) {
  const auto g = gradients();
  EXPECT_DOUBLE_EQ(global_norm(g), 13);  // 3, 4, 12: a Pythagorean quadruple
  EXPECT_DOUBLE_EQ(clip_norm(g, 6.5), 13);
  EXPECT_FLOAT_EQ(g[0][0].item<float>(), 1.5F);
  EXPECT_FLOAT_EQ(g[2][0].item<float>(), -2);
  EXPECT_FLOAT_EQ(g[3][0].item<float>(), 6);
}

TEST(ClipNorm, LeavesShortOnesAlone) {
  const auto g = gradients();
  EXPECT_DOUBLE_EQ(clip_norm(g, 13.5), 13);
  EXPECT_EQ(g[3][0].item<float>(), 12);
  EXPECT_EQ(global_norm({}), 0);
  EXPECT_THROW(clip_norm(g, 0), base::Error);
}

TEST(ClipValue, ClampsEveryEntry) {
  const auto g = gradients();
  clip_value(g, 3.5);
  EXPECT_EQ(g[0][0].item<float>(), 3);
  EXPECT_EQ(g[2][0].item<float>(), -3.5F);
  EXPECT_EQ(g[3][0].item<float>(), 3.5F);
  EXPECT_THROW(clip_value(g, -1), base::Error);
}

}  // namespace
}  // namespace ranklens::optim
