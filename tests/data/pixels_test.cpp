#include "ranklens/data/pixels.h"

#include <cmath>

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

// tf.image.rgb_to_grayscale on uint8 converts to floats in [0, 1], weighs, and converts back by
// the cast of 255.5 times the value.
TEST(Grey, FollowsTensorFlowOnBytes) {
  const at::Tensor images = base::Stream(3, "noise").integers({5, 3, 6, 7}, 256).to(at::kByte);
  const at::Tensor grey = to_grey(images);
  ASSERT_EQ(grey.sizes(), (std::vector<std::int64_t>{5, 1, 6, 7}));
  for (std::int64_t n = 0; n < 5; ++n) {
    for (std::int64_t y = 0; y < 6; ++y) {
      for (std::int64_t x = 0; x < 7; ++x) {
        double sum = 0;
        const double weights[] = {0.2989, 0.5870, 0.1140};
        for (int c = 0; c < 3; ++c) sum += weights[c] * images[n][c][y][x].item<int>() / 255.0;
        const double exact = 255.5 * sum;
        if (std::abs(exact - std::round(exact)) < 1e-3) continue;  // float32 may round either way
        EXPECT_EQ(grey[n][0][y][x].item<int>(), static_cast<int>(exact));
      }
    }
  }
  EXPECT_EQ(to_grey(at::full({1, 3, 1, 1}, 255, at::kByte)).item<int>(), 255);
  EXPECT_EQ(to_grey(at::zeros({1, 3, 1, 1}, at::kByte)).item<int>(), 0);
}

TEST(Grey, WeighsFloatsWithoutRounding) {
  const at::Tensor image = at::tensor({0.5f, 0.25f, 1.0f}).reshape({1, 3, 1, 1});
  EXPECT_NEAR(to_grey(image).item<float>(), 0.2989 * 0.5 + 0.5870 * 0.25 + 0.1140, 1e-6);
}

TEST(Grey, LeavesOneChannelAloneAndRefusesTwo) {
  const at::Tensor one = at::full({2, 1, 3, 3}, 9, at::kByte);
  EXPECT_TRUE(to_grey(one).is_same(one));
  expect_error([] { to_grey(at::zeros({1, 2, 3, 3}, at::kByte)); }, "images of 2 channels");
}

// The left third is 30, the middle 90, the right third 210: the middle stays.
TEST(Square, CropsTheLongerSideAboutItsMiddle) {
  at::Tensor image = at::full({1, 1, 4, 12}, 90, at::kByte);
  image.narrow(3, 0, 4).fill_(30);
  image.narrow(3, 8, 4).fill_(210);
  EXPECT_TRUE(at::equal(to_square(image, 4), at::full({1, 1, 4, 4}, 90, at::kByte)));
  EXPECT_TRUE(at::equal(to_square_masks(image.squeeze(1), 4), at::full({1, 4, 4}, 90, at::kByte)));
  // Grown by two, the middle is still all of the picture but for blending at its borders.
  const at::Tensor grown = to_square(image, 8);
  EXPECT_EQ(grown[0][0][3][4].item<int>(), 90);
  EXPECT_TRUE(at::equal(to_square_masks(image.squeeze(1), 8), at::full({1, 8, 8}, 90, at::kByte)));
}

TEST(Square, MasksFollowTheNearestPixel) {
  const at::Tensor mask =
      at::tensor({1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}).to(at::kByte);
  const at::Tensor grown = to_square_masks(mask.reshape({1, 4, 4}), 8);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) EXPECT_EQ(grown[0][y][x].item<int>(), y / 2 == x / 2);
  }
}

TEST(Square, NoSideIsRefused) {
  expect_error([] { to_square(at::zeros({1, 1, 3, 3}), 0); }, "1 to 4096 pixels");
}

TEST(Planar, PutsChannelsFirst) {
  const at::Tensor image = planar({1, 2, 3, {1, 2, 3, 4, 5, 6}});
  const at::Tensor wanted = at::tensor({1, 4, 2, 5, 3, 6}).to(at::kByte).reshape({1, 3, 1, 2});
  EXPECT_TRUE(at::equal(image, wanted));
}

}  // namespace
}  // namespace ranklens::data
