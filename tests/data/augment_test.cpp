#include "ranklens/data/augment.h"

#include <algorithm>
#include <set>

#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"

#include "testing/expect_error.h"

namespace ranklens::data {
namespace {

using testing::expect_error;

at::Tensor bytes(std::int64_t n = 12, std::int64_t channels = 3) {
  return base::Stream(5, "noise").integers({n, channels, 6, 8}, 256).to(at::kByte);
}

at::Tensor all(const at::Tensor& images) { return at::arange(images.size(0), at::kLong); }

TEST(Augment, NothingAskedIsTheImageOver255) {
  const at::Tensor images = bytes();
  const at::Tensor some = at::tensor({7, 0, 7}, at::kLong);
  const at::Tensor out = augmented(images, some, {}, 1, 2);
  EXPECT_TRUE(at::equal(out, images.index_select(0, some).to(at::kFloat).div(255)));
  const at::Tensor floats = images.to(at::kFloat).div(255);
  EXPECT_TRUE(at::equal(augmented(floats, some, {}, 1, 2), out));
}

TEST(Augment, ChannelsLastHoldsTheSameValues) {
  for (const std::int64_t channels : {1, 3, 5}) {
    const at::Tensor images = bytes(4, channels);
    const Augment augment{.crop = 2, .flip = true, .brightness = 0.3};
    const at::Tensor last = augmented(images, all(images), augment, 1, 2, true);
    EXPECT_TRUE(last.is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(at::equal(last, augmented(images, all(images), augment, 1, 2)));
  }
}

// Against padding, cutting and flipping by tensor operators.
TEST(Augment, CropAndFlipAreThoseOfTheDrawnChange) {
  const at::Tensor images = bytes(40);
  const Augment augment{.crop = 3, .flip = true};
  const at::Tensor out = augmented(images, all(images), augment, 11, 4);
  std::set<std::pair<int, int>> places;
  int mirrored = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    const Change change = draw_change(augment, 11, 4, i);
    places.insert({change.down, change.right});
    mirrored += change.mirror;
    at::Tensor wanted = images[i].to(at::kFloat).div(255);
    if (change.mirror) wanted = wanted.flip(2);
    wanted = at::constant_pad_nd(wanted, {3, 3, 3, 3})
                 .narrow(1, 3 - change.down, 6)
                 .narrow(2, 3 - change.right, 8);
    EXPECT_TRUE(at::equal(out[i], wanted)) << i << ": " << change.down << ", " << change.right;
  }
  EXPECT_GT(places.size(), 15U);  // of 49
  EXPECT_GT(mirrored, 8);
  EXPECT_LT(mirrored, 32);
}

TEST(Augment, ColoursFollowTheirFactors) {
  const at::Tensor image = at::tensor({0.2f, 0.8f, 0.4f, 0.6f, 0.1f, 0.3f}).reshape({1, 3, 1, 2});
  const auto luma = [](double r, double g, double b) { return 0.299 * r + 0.587 * g + 0.114 * b; };
  const double first = luma(0.2, 0.4, 0.1), second = luma(0.8, 0.6, 0.3);
  const at::Tensor one = at::zeros({1}, at::kLong);
  for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
    Augment augment{.brightness = 0.5};
    double f = draw_change(augment, 3, epoch, 0).brightness;
    EXPECT_NEAR(augmented(image, one, augment, 3, epoch)[0][0][0][1].item<double>(),
                std::min(1.0, f * 0.8), 1e-6);
    augment = {.contrast = 0.5};
    f = draw_change(augment, 3, epoch, 0).contrast;
    const double mean = (first + second) / 2;
    EXPECT_NEAR(augmented(image, one, augment, 3, epoch)[0][1][0][0].item<double>(),
                mean + f * (0.4 - mean), 1e-6);
    augment = {.saturation = 0.5};
    f = draw_change(augment, 3, epoch, 0).saturation;
    EXPECT_NEAR(augmented(image, one, augment, 3, epoch)[0][2][0][1].item<double>(),
                second + f * (0.3 - second), 1e-6);
  }
}

TEST(Augment, FactorsFillTheirRange) {
  const Augment augment{.brightness = 0.25};
  float low = 9, high = 0;
  for (std::int64_t i = 0; i < 500; ++i) {
    const float f = draw_change(augment, 1, 0, i).brightness;
    low = std::min(low, f);
    high = std::max(high, f);
  }
  EXPECT_GE(low, 0.75f);
  EXPECT_LT(low, 0.77f);
  EXPECT_LE(high, 1.25f);
  EXPECT_GT(high, 1.23f);
  EXPECT_EQ(draw_change(augment, 1, 0, 0).contrast, 1);
}

TEST(Augment, DependsOnSeedEpochAndItemAlone) {
  const at::Tensor images = bytes(6);
  const Augment augment{
      .crop = 2, .flip = true, .brightness = 0.2, .contrast = 0.2, .saturation = 0.2};
  const at::Tensor order = at::tensor({5, 2, 0}, at::kLong);
  const at::Tensor some = augmented(images, order, augment, 1, 9);
  const at::Tensor every = augmented(images, all(images), augment, 1, 9);
  EXPECT_TRUE(at::equal(some, every.index_select(0, order)));
  EXPECT_FALSE(at::equal(every, augmented(images, all(images), augment, 1, 10)));
  EXPECT_FALSE(at::equal(every, augmented(images, all(images), augment, 2, 9)));
}

TEST(Augment, BadInputIsRefused) {
  expect_error([] { augmented(bytes(2), at::full({1}, 2, at::kLong), {}, 1, 1); },
               "image 2 does not exist; there are 2");
  expect_error([] { augmented(bytes(2), at::zeros({1}, at::kLong), {.crop = 6}, 1, 1); },
               "padding of 6 pixels does not suit images of 8 x 6");
}

}  // namespace
}  // namespace ranklens::data
