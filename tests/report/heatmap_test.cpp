#include "ranklens/report/heatmap.h"

#include <cmath>
#include <limits>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/image.h"

namespace ranklens::report {
namespace {

base::Image decoded(const GreyMap& map) { return base::decode_image(map.png, "map"); }

double value(const GreyMap& map, std::uint8_t level) {
  return map.low + level / 255.0 * (map.high - map.low);
}

TEST(GreyMap, LevelsGiveTheValuesBackWithinHalfAStep) {
  const at::Tensor map = at::linspace(0.25, 7.5, 40).reshape({5, 8}).square();
  const GreyMap grey = grey_map(map);
  const base::Image image = decoded(grey);
  ASSERT_EQ(image.height, 5);
  ASSERT_EQ(image.width, 8);
  ASSERT_EQ(image.channels, 1);
  const at::Tensor flat = map.flatten();
  for (int i = 0; i < 40; ++i)
    EXPECT_NEAR(value(grey, image.pixels[i]), flat[i].item<double>(),
                (56.25 - 0.0625) / 510 + 1e-6);
  EXPECT_EQ(image.pixels.front(), 0);
  EXPECT_EQ(image.pixels.back(), 255);
}

TEST(GreyMap, ZeroOfASignedMapIsExact) {
  const GreyMap grey = grey_map(at::tensor({-1.0, 0.0, 0.25, 3.0}).reshape({2, 2}));
  const base::Image image = decoded(grey);
  EXPECT_EQ(image.pixels[1], 127);
  EXPECT_NEAR(value(grey, 127), 0, 1e-12);
  EXPECT_NEAR(value(grey, image.pixels[3]), 3, 1e-12);
  EXPECT_NEAR(value(grey, image.pixels[0]), -1, 3.0 / 254);
  EXPECT_DOUBLE_EQ(grey.low, -3);
}

TEST(GreyMap, AConstantMapIsLevelZeroOfItsValue) {
  const GreyMap grey = grey_map(at::full({3, 3}, 0.75));
  for (const auto level : decoded(grey).pixels) EXPECT_EQ(level, 0);
  EXPECT_EQ(value(grey, 0), 0.75);
}

TEST(GreyMap, WhatIsNoMapIsRefused) {
  EXPECT_THROW(grey_map(at::zeros({1, 3, 3})), base::Error);
  EXPECT_THROW(grey_map(at::zeros({0, 3})), base::Error);
  EXPECT_THROW(grey_map(at::full({2, 2}, std::numeric_limits<double>::quiet_NaN())), base::Error);
}

TEST(MaskPng, IsBlackAndWhite) {
  const base::Image image =
      base::decode_image(mask_png(at::tensor({0, 1, 7, 0}).reshape({2, 2})), "mask");
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{0, 255, 255, 0}));
}

TEST(HeatMap, OutliersDoNotSetTheScale) {
  auto map = at::arange(1000, at::kFloat).reshape({20, 50}) / 1000;
  EXPECT_TRUE(without_outliers(map).is_same(map));
  map[0][0] = -50;
  const auto drawn = without_outliers(map);
  // Of 1,000 magnitudes the one at place 989 (from 0) is the percentile: 0.990, since 50 is last.
  EXPECT_FLOAT_EQ(drawn[0][0].item<float>(), -0.990F);
  EXPECT_FLOAT_EQ(drawn.max().item<float>(), 0.990F);
  EXPECT_EQ(drawn[10][10].item<float>(), map[10][10].item<float>());
  const auto zeros = at::zeros({3, 3});
  EXPECT_TRUE(without_outliers(zeros).is_same(zeros));
}

}  // namespace
}  // namespace ranklens::report
