#include "ranklens/explain/controls.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

namespace ranklens::explain {
namespace {

TEST(RandomMaps, AnImageHasItsOwnNoise) {
  const base::Stream stream(7, "noise", "random_map");
  const at::Tensor all = random_maps(stream, 5, 6, 4);
  EXPECT_TRUE(random_maps(stream, 2, 6, 4, 3).equal(all.narrow(0, 3, 2)));
  EXPECT_FALSE(all[0].equal(all[1]));
  EXPECT_FALSE(random_maps(base::Stream(8, "noise", "random_map"), 5, 6, 4).equal(all));
  EXPECT_GE(all.min().item<float>(), 0);
  EXPECT_LT(all.max().item<float>(), 1);
}

TEST(RandomMaps, AreUniform) {
  const at::Tensor map = random_maps(base::Stream(1, "noise"), 1, 100, 100);
  EXPECT_NEAR(map.mean().item<double>(), 0.5, 0.015);
  EXPECT_NEAR(map.var().item<double>(), 1.0 / 12, 0.005);
}

TEST(SobelMaps, ARampHasItsSlopeEverywhereButAtTheBorder) {
  // 3x + 4y: the kernels sum to 8 times the slope; the magnitude is 8 * 5.
  const at::Tensor y = at::arange(6, at::kDouble).view({6, 1});
  const at::Tensor x = at::arange(7, at::kDouble).view({1, 7});
  const at::Tensor ramp = (x * 3 + y * 4).view({1, 1, 6, 7});
  const at::Tensor map = sobel_maps(ramp)[0];
  EXPECT_TRUE(map.narrow(0, 1, 4).narrow(1, 1, 5).allclose(at::ones({4, 5}, at::kDouble) * 40));
  // On the border the repeated edge halves the slope across it: 8 * |(1.5, 4)|.
  EXPECT_NEAR(map[2][0].item<double>(), 8 * std::hypot(1.5, 4), 1e-12);
}

TEST(SobelMaps, ReadTheMeanOfTheChannels) {
  at::Tensor image = at::zeros({1, 3, 5, 5});
  image[0][0].select(1, 4).fill_(1);
  image[0][1].select(1, 4).fill_(-1);
  EXPECT_EQ(sobel_maps(image).abs().max().item<float>(), 0);
  EXPECT_THROW(sobel_maps(image[0]), base::Error);
}

TEST(CentrePrior, IsAGaussianAboutTheMiddle) {
  const at::Tensor map = centre_prior_maps(2, 5, 9, {.sigma = 0.2});
  EXPECT_EQ(map.sizes(), at::IntArrayRef({2, 5, 9}));
  EXPECT_EQ(map[1][2][4].item<float>(), 1);
  // One sigma off is one row of five, and 1.8 columns of nine.
  EXPECT_NEAR(map[0][3][4].item<double>(), std::exp(-0.5), 1e-6);
  EXPECT_NEAR(map[0][2][7].item<double>(), std::exp(-0.5 * 9 / 3.24), 1e-6);
  EXPECT_TRUE(map[0].flip({0, 1}).allclose(map[0]));
  EXPECT_THROW(centre_prior_maps(1, 5, 5, {.sigma = 0}), base::Error);
  EXPECT_THROW(centre_prior_maps(1, 0, 5), base::Error);
}

}  // namespace
}  // namespace ranklens::explain
