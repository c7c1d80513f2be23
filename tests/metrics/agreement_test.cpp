#include "ranklens/metrics/agreement.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "metrics/maps.h"

namespace ranklens::metrics {
namespace {

// The pair that Python scored: a, and half a plus half another.
const at::Tensor kA = numbers({1, 28, 20}, 1);
const at::Tensor kB = kA.mul(0.5).add(numbers({1, 28, 20}, 2), 0.5);

TEST(Spearman, EqualsScipy) {
  EXPECT_NEAR(value(spearman(kA, kB)), 0.6762359391634359, 1e-13);
  EXPECT_NEAR(value(spearman(kA.mul(10).floor(), kB.mul(10).floor())), 0.666325367456411, 1e-13);
}

TEST(Spearman, OnlyOrderMatters) {
  EXPECT_NEAR(value(spearman(kA, kA.mul(7).exp())), 1, 1e-14);
  EXPECT_NEAR(value(spearman(kA, kA.reciprocal())), -1, 1e-14);
  // Without ties: 1 - 6 sum d^2 / (n (n^2 - 1)), here d = 1, 1, 0, 0.
  EXPECT_NEAR(value(spearman(map_of({1, 2, 3, 4}, 2), map_of({2, 1, 3, 4}, 2))), 0.8, 1e-15);
}

TEST(Cosine, ClosedForms) {
  EXPECT_DOUBLE_EQ(value(cosine(map_of({3, 4}, 1), map_of({4, 3}, 1))), 24.0 / 25);
  EXPECT_DOUBLE_EQ(value(cosine(map_of({3, 4}, 1), map_of({-6e200, -8e200}, 1))), -1);
  EXPECT_EQ(value(cosine(map_of({1, 0}, 1), map_of({0, 1e-200}, 1))), 0);
  EXPECT_DOUBLE_EQ(value(cosine(map_of({3, -4}, 1), map_of({3, 4}, 1), Sign::absolute)), 1);
}

TEST(TopKIou, CountsTheCommonPixels) {
  const at::Tensor a = map_of({9, 8, 7, 1, 2, 3}, 2);
  const at::Tensor b = map_of({9, 1, 7, 8, 2, 3}, 2);
  EXPECT_DOUBLE_EQ(value(top_k_iou(a, b, {.count = 1})), 1);
  EXPECT_DOUBLE_EQ(value(top_k_iou(a, b, {.count = 2})), 1.0 / 3);
  EXPECT_DOUBLE_EQ(value(top_k_iou(a, b, {.count = 3})), 2.0 / 4);
  EXPECT_DOUBLE_EQ(value(top_k_iou(a, b, {.fraction = 0.5})), 2.0 / 4);
  EXPECT_DOUBLE_EQ(value(top_k_iou(a, b, {.fraction = 1e-9})), 1);  // at least one pixel
  EXPECT_DOUBLE_EQ(value(top_k_iou(a, b, {.count = 100})), 1);
  EXPECT_THROW(top_k_iou(a, b, {.fraction = 0}), base::Error);
}

TEST(TopKIou, TiesShareTheirPlaces) {
  const at::Tensor flat = at::zeros({1, 2, 5}, at::kDouble);
  const at::Tensor sharp = map_of({9, 8, 0, 0, 0, 0, 0, 0, 0, 0}, 2);
  // 2 places over 10 equal pixels: shares of 0.2; common 0.4, together 2 + 8 * 0.2.
  EXPECT_NEAR(value(top_k_iou(flat, sharp, {.count = 2})), 0.4 / 3.6, 1e-15);
  EXPECT_NEAR(value(top_k_iou(flat, flat, {.count = 2})), 1, 1e-15);
}

TEST(Ssim, EqualsScikitImage) {
  // structural_similarity(gaussian_weights, sigma 1.5, use_sample_covariance False).
  EXPECT_NEAR(value(ssim(kA, kB)), 0.6847801911840812, 1e-12);
  EXPECT_NEAR(value(ssim(kA, kB, {.scale_each = false, .range = 2})), 0.688995139329795, 1e-12);
}

TEST(Ssim, ClosedForms) {
  EXPECT_NEAR(value(ssim(kA, kA * 5 - 3)), 1, 1e-12);
  // Two flat maps x and y without scaling: (2xy + c1) / (x^2 + y^2 + c1).
  const at::Tensor x = at::full({1, 12, 12}, 0.2, at::kDouble);
  const at::Tensor y = at::full({1, 12, 12}, 0.6, at::kDouble);
  EXPECT_NEAR(value(ssim(x, y, {.scale_each = false})), (0.24 + 1e-4) / (0.4 + 1e-4), 1e-9);
  EXPECT_EQ(value(ssim(x, y)), 1);  // scaled, both are zero
}

TEST(Ssim, SmallMapsShrinkTheWindow) {
  // 4x6: the window is 3; a 3-pixel window may be asked for and gives the same.
  const at::Tensor a = numbers({1, 4, 6}, 3);
  const at::Tensor b = numbers({1, 4, 6}, 4);
  EXPECT_EQ(value(ssim(a, b)), value(ssim(a, b, {.window = 3})));
  EXPECT_NE(value(ssim(a, b)), value(ssim(a, b, {.window = 1})));
  // One pixel: luminance alone, (2xy + c1) / (x^2 + y^2 + c1).
  EXPECT_NEAR(value(ssim(map_of({0.2}, 1), map_of({0.6}, 1), {.scale_each = false})),
              (0.24 + 1e-4) / (0.4 + 1e-4), 1e-12);
  EXPECT_THROW(ssim(a, b, {.window = 4}), base::Error);
}

TEST(Agreement, IsSymmetric) {
  for (const auto& [a, b] : {std::pair{kA, kB}, std::pair{kA, at::zeros_like(kA)}}) {
    EXPECT_NEAR(value(spearman(a, b)), value(spearman(b, a)), 1e-14);
    EXPECT_NEAR(value(cosine(a, b)), value(cosine(b, a)), 1e-14);
    EXPECT_NEAR(value(ssim(a, b)), value(ssim(b, a)), 1e-14);
    EXPECT_NEAR(value(top_k_iou(a, b)), value(top_k_iou(b, a)), 1e-14);
  }
}

TEST(Agreement, ConstantMapsHaveAnswers) {
  const at::Tensor flat = at::full({1, 28, 20}, 3.0, at::kDouble);
  const at::Tensor zero = at::zeros({1, 28, 20}, at::kDouble);
  EXPECT_EQ(value(spearman(flat, kA)), 0);
  EXPECT_EQ(value(spearman(kA, flat)), 0);
  EXPECT_EQ(value(spearman(flat, zero)), 1);
  EXPECT_EQ(value(cosine(zero, kA)), 0);
  EXPECT_EQ(value(cosine(zero, zero)), 1);
  EXPECT_EQ(value(ssim(flat, zero)), 1);
  EXPECT_NEAR(value(top_k_iou(flat, zero)), 1, 1e-14);
  // The tenth of 560 pixels shared over all: chance.
  EXPECT_NEAR(value(top_k_iou(flat, kA)), 0.1 * 56 / (56 + 0.1 * 504), 1e-14);
}

TEST(Agreement, SizesMustAgree) {
  EXPECT_THROW(spearman(kA, numbers({1, 20, 28}, 1)), base::Error);
  EXPECT_THROW(cosine(kA, kA.to(at::kLong)), base::Error);
}

}  // namespace
}  // namespace ranklens::metrics
