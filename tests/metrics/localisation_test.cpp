#include "ranklens/metrics/localisation.h"

#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "metrics/maps.h"
#include "testing/expect_error.h"

namespace ranklens::metrics {
namespace {

const at::Tensor kMap = map_of({0.1, 0.9, 0.2, 0.4, 0.8, -1.0}, 2);  // ranks: 1, 4, 3, 2, 0, 5
const at::Tensor kMask = mask_of({0, 0, 0, 1, 1, 0}, 2);

TEST(PointingGame, AsksForTheLargestValue) {
  EXPECT_EQ(value(pointing_game(kMap, kMask)), 0);
  EXPECT_EQ(value(pointing_game(kMap, mask_of({0, 1, 0, 0, 0, 0}, 2))), 1);
  // |-1| is the largest magnitude.
  EXPECT_EQ(value(pointing_game(kMap, mask_of({0, 0, 0, 0, 0, 1}, 2), {.sign = Sign::absolute})),
            1);
  EXPECT_EQ(value(pointing_game(kMap, mask_of({0, 0, 0, 0, 0, 1}, 2))), 0);
}

TEST(PointingGame, ToleranceIsAEuclideanDistance) {
  at::Tensor map = at::zeros({1, 9, 9}, at::kDouble);
  map[0][1][1] = 1;
  at::Tensor mask = at::zeros({1, 9, 9}, at::kByte);
  mask[0][4][5] = 1;  // 3 rows and 4 columns away: distance 5
  EXPECT_EQ(value(pointing_game(map, mask, {.tolerance = 5})), 1);
  EXPECT_EQ(value(pointing_game(map, mask, {.tolerance = 4.99})), 0);
  EXPECT_EQ(value(pointing_game(map, mask, {.tolerance = 100})), 1);
  EXPECT_THROW(pointing_game(map, mask, {.tolerance = -1}), base::Error);
}

TEST(PointingGame, ToleranceAgreesWithAllPairsOfPixels) {
  const at::Tensor maps = numbers({40, 7, 9}, 5);
  const at::Tensor masks = numbers({40, 7, 9}, 6).lt(0.05).to(at::kByte);
  for (const double radius : {0.0, 1.0, 1.5, 2.3}) {
    const at::Tensor scores = pointing_game(maps, masks, {.tolerance = radius});
    for (std::int64_t n = 0; n < 40; ++n) {
      const std::int64_t top = maps[n].argmax().item<std::int64_t>();
      double hit = 0;
      for (std::int64_t y = 0; y < 7; ++y) {
        for (std::int64_t x = 0; x < 9; ++x) {
          const auto dy = static_cast<double>(y - top / 9);
          const auto dx = static_cast<double>(x - top % 9);
          if (masks[n][y][x].item<int>() && dy * dy + dx * dx <= radius * radius) hit = 1;
        }
      }
      EXPECT_EQ(value(scores, n), hit) << "map " << n << ", radius " << radius;
    }
  }
}

TEST(MassAccuracy, IsThePartOfTheMassInside) {
  EXPECT_DOUBLE_EQ(value(mass_accuracy(kMap, kMask)), 1.2 / 2.4);
  EXPECT_DOUBLE_EQ(value(mass_accuracy(kMap, kMask, Sign::absolute)), 1.2 / 3.4);
  EXPECT_THROW(mass_accuracy(kMap, kMask, Sign::raw), base::Error);
}

TEST(RankAccuracy, CountsTheTopKInside) {
  // The two largest, 0.9 and 0.8: one of them inside.
  EXPECT_EQ(value(rank_accuracy(kMap, kMask)), 0.5);
  EXPECT_DOUBLE_EQ(value(iou_at_mask_area(kMap, kMask)), 1.0 / 3.0);
  EXPECT_EQ(value(rank_accuracy(kMap, mask_of({0, 1, 0, 0, 1, 0}, 2))), 1);
  EXPECT_EQ(value(iou_at_mask_area(kMap, mask_of({0, 1, 0, 0, 1, 0}, 2))), 1);
}

TEST(RankAccuracy, SharesTiesEvenly) {
  // One place left for three equal values, one of which is inside.
  const at::Tensor map = map_of({3, 1, 1, 1}, 2);
  EXPECT_DOUBLE_EQ(value(rank_accuracy(map, mask_of({1, 1, 0, 0}, 2))), (1 + 1.0 / 3) / 2);
}

TEST(RocAuc, EqualsAllPairsOfPixels) {
  const at::Tensor maps = numbers({20, 6, 7}, 1).mul(8).floor();  // with many ties
  const at::Tensor masks = numbers({20, 6, 7}, 2).lt(0.3).to(at::kByte);
  const at::Tensor scores = roc_auc(maps, masks);
  for (std::int64_t n = 0; n < 20; ++n) {
    const at::Tensor in = maps[n].masked_select(masks[n].ne(0)).unsqueeze(1);
    const at::Tensor out = maps[n].masked_select(masks[n].eq(0)).unsqueeze(0);
    const double brute =
        (in.gt(out).to(at::kDouble) + in.eq(out).to(at::kDouble) * 0.5).mean().item<double>();
    EXPECT_NEAR(value(scores, n), brute, 1e-14);
  }
}

TEST(RocAuc, EqualsScipysMannWhitney) {
  const at::Tensor map = numbers({1, 28, 20}, 1).mul(10).floor();
  const at::Tensor mask = numbers({1, 28, 20}, 3).lt(0.3);
  EXPECT_NEAR(value(roc_auc(map, mask)), 0.4880734345020059, 1e-14);
}

// A map that says nothing scores what a random map scores on average.
TEST(Localisation, ConstantMapIsAtChance) {
  for (const double level : {0.0, 2.5}) {
    const at::Tensor map = at::full({1, 2, 3}, level, at::kDouble);
    EXPECT_DOUBLE_EQ(value(pointing_game(map, kMask)), 2.0 / 6);
    EXPECT_DOUBLE_EQ(value(mass_accuracy(map, kMask)), 2.0 / 6);
    EXPECT_DOUBLE_EQ(value(rank_accuracy(map, kMask)), 2.0 / 6);
    EXPECT_DOUBLE_EQ(value(iou_at_mask_area(map, kMask)), 1.0 / 5);
    EXPECT_EQ(value(roc_auc(map, kMask)), 0.5);
  }
  EXPECT_DOUBLE_EQ(value(mass_accuracy(kMap.abs().neg(), kMask)), 2.0 / 6);  // no positive value
}

TEST(Localisation, EmptyAndFullMasksHaveAnswers) {
  const at::Tensor empty = at::zeros({1, 2, 3}, at::kByte);
  const at::Tensor full = at::ones({1, 2, 3}, at::kBool);
  for (auto* metric : {&rank_accuracy, &iou_at_mask_area}) {
    EXPECT_EQ(value(metric(kMap, empty, Sign::raw)), 0);
    EXPECT_EQ(value(metric(kMap, full, Sign::raw)), 1);
  }
  EXPECT_EQ(value(pointing_game(kMap, empty, {.tolerance = 3})), 0);
  EXPECT_EQ(value(pointing_game(kMap, full)), 1);
  EXPECT_EQ(value(mass_accuracy(kMap, empty)), 0);
  EXPECT_EQ(value(mass_accuracy(kMap, full)), 1);
  EXPECT_EQ(value(roc_auc(kMap, empty)), 0.5);
  EXPECT_EQ(value(roc_auc(kMap, full)), 0.5);
  EXPECT_FALSE(informative(empty)[0].item<bool>());
  EXPECT_FALSE(informative(full)[0].item<bool>());
  EXPECT_TRUE(informative(kMask)[0].item<bool>());
}

TEST(Localisation, AnyNonZeroByteIsInside) {
  EXPECT_EQ(value(rank_accuracy(kMap, kMask * 255)), 0.5);
  EXPECT_EQ(value(roc_auc(kMap, kMask * 255)), value(roc_auc(kMap, kMask)));
}

TEST(Localisation, TakesManyFloatMapsAndNone) {
  const at::Tensor maps = numbers({600, 5, 4}, 9).to(at::kFloat);
  const at::Tensor masks = numbers({600, 5, 4}, 10).lt(0.4).to(at::kByte);
  const at::Tensor scores = roc_auc(maps, masks);
  // More than one block of images: the last image is scored as if alone.
  EXPECT_EQ(value(scores, 599), value(roc_auc(maps.narrow(0, 599, 1), masks.narrow(0, 599, 1))));
  EXPECT_EQ(roc_auc(maps.narrow(0, 0, 0), masks.narrow(0, 0, 0)).numel(), 0);
}

std::string message(const at::Tensor& maps, const at::Tensor& masks) {
  return ranklens::testing::error_of([&] { roc_auc(maps, masks); });
}

TEST(Localisation, BadInputIsNamed) {
  at::Tensor broken = numbers({300, 2, 3}, 4);
  const at::Tensor masks = at::ones({300, 2, 3}, at::kByte);
  broken[270][1][2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message(broken, masks), "map 270 holds a NaN at row 1, column 2");
  broken[270][1][2] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(message(broken, masks), "map 270 holds an infinity at row 1, column 2");
  EXPECT_EQ(message(kMap, mask_of({0, 1}, 1)), "the maps are 1x2x3 but the masks are 1x1x2");
  EXPECT_EQ(message(kMap, kMask.to(at::kFloat)), "masks must be bytes or booleans");
  EXPECT_EQ(message(kMap[0], kMask), "maps must be [images, height, width], got 2 dimensions");
  EXPECT_EQ(message(kMap.to(at::kLong), kMask), "maps must be floating-point numbers");
  EXPECT_EQ(message(at::zeros({1, 0, 3}, at::kDouble), at::zeros({1, 0, 3}, at::kByte)),
            "maps of 0x3 pixels cannot be measured");
}

}  // namespace
}  // namespace ranklens::metrics
