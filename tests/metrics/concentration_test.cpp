#include "ranklens/metrics/concentration.h"

#include <cmath>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "metrics/maps.h"

namespace ranklens::metrics {
namespace {

at::Tensor one_pixel(std::int64_t height, std::int64_t width, double value = 1) {
  at::Tensor map = at::zeros({1, height, width}, at::kDouble);
  map[0][1][2] = value;
  return map;
}

TEST(Gini, ClosedForms) {
  EXPECT_DOUBLE_EQ(value(gini(one_pixel(4, 5))), 19.0 / 20);
  EXPECT_NEAR(value(gini(at::ones({1, 4, 5}, at::kDouble))), 0, 1e-15);
  // Half of n values at one level, half at zero: 1/2.
  EXPECT_DOUBLE_EQ(value(gini(map_of({2, 0, 2, 0}, 2))), 0.5);
  // 1..n: (n - 1) / (3 n) * ... = (n^2 - 1) / (3 n (n + 1)).
  EXPECT_NEAR(value(gini(map_of({1, 2, 3, 4, 5, 6}, 2))), 35.0 / (3 * 6 * 7), 1e-15);
}

TEST(Gini, EqualsTheMeanAbsoluteDifference) {
  // numpy: |a_i - a_j| averaged over all pairs, over twice the mean.
  EXPECT_NEAR(value(gini(numbers({1, 28, 20}, 1))), 0.33186133749691304, 1e-14);
}

TEST(Entropy, ClosedFormsAndScipy) {
  EXPECT_EQ(value(entropy(one_pixel(4, 5))), 0);
  EXPECT_NEAR(value(entropy(at::ones({1, 4, 5}, at::kDouble))), std::log(20.0), 1e-14);
  EXPECT_NEAR(value(entropy(map_of({0.5, -0.25, 0.25, 0}, 2))), 1.5 * std::log(2.0), 1e-15);
  EXPECT_NEAR(value(normalised_entropy(map_of({0.5, -0.25, 0.25, 0}, 2))), 0.75, 1e-15);
  EXPECT_NEAR(value(entropy(numbers({1, 28, 20}, 1))), 6.138773934055141, 1e-13);
}

TEST(EffectiveComplexity, CountsWhatExceedsTheThreshold) {
  const at::Tensor map = map_of({100, -50, 2e-3, 0.5e-3, 0, -0.2}, 2);
  EXPECT_EQ(value(effective_complexity(map)), 4);
  EXPECT_EQ(value(effective_complexity(map, {.threshold = 0})), 5);
  EXPECT_EQ(value(effective_complexity(map, {.threshold = 0.1})), 2);
  EXPECT_EQ(value(effective_complexity(map, {.sign = Sign::positive})), 2);
  EXPECT_THROW(effective_complexity(map, {.threshold = 1}), base::Error);
}

TEST(SpatialSpread, ClosedForms) {
  EXPECT_EQ(value(spatial_spread(one_pixel(4, 5))), 0);
  EXPECT_NEAR(value(spatial_spread(at::ones({1, 4, 7}, at::kDouble))), 1, 1e-15);
  // Rows 0..3, columns 0..6: variances (16-1)/12 and (49-1)/12.
  EXPECT_NEAR(value(spatial_spread(at::ones({1, 4, 7}, at::kDouble), SpreadUnit::pixels)),
              std::sqrt(63.0 / 12), 1e-14);
  // Two pixels at a distance of 5, one with three times the mass: 5 sqrt(3/16).
  at::Tensor two = at::zeros({1, 6, 6}, at::kDouble);
  two[0][1][1] = 3;
  two[0][4][5] = -1;
  EXPECT_NEAR(value(spatial_spread(two, SpreadUnit::pixels)), 5 * std::sqrt(3.0 / 16), 1e-14);
}

TEST(SpatialSpread, KnowsWherePixelsLie) {
  const at::Tensor together = map_of({1, 1, 0, 0, 0, 0, 0, 0, 0}, 3);
  const at::Tensor apart = map_of({1, 0, 0, 0, 0, 0, 0, 0, 1}, 3);
  EXPECT_LT(value(spatial_spread(together)), value(spatial_spread(apart)));
  EXPECT_EQ(value(gini(together)), value(gini(apart)));
}

TEST(Concentration, NoScaleMatters) {
  const at::Tensor map = numbers({1, 6, 5}, 3).sub(0.4);
  for (const double scale : {1e-300, 1e-3, 1e290}) {
    EXPECT_NEAR(value(gini(map * scale)), value(gini(map)), 1e-13);
    EXPECT_NEAR(value(entropy(map * scale)), value(entropy(map)), 1e-12);
    EXPECT_EQ(value(effective_complexity(map * scale)), value(effective_complexity(map)));
    EXPECT_NEAR(value(spatial_spread(map * scale)), value(spatial_spread(map)), 1e-13);
  }
  // The sum of these is no longer finite; the shares are.
  EXPECT_NEAR(value(gini(at::full({1, 3, 3}, 1e308, at::kDouble))), 0, 1e-15);
}

TEST(Concentration, ZeroMapIsTheUniformMap) {
  const at::Tensor zero = at::zeros({1, 4, 5}, at::kDouble);
  EXPECT_NEAR(value(gini(zero)), 0, 1e-15);
  EXPECT_NEAR(value(entropy(zero)), std::log(20.0), 1e-14);
  EXPECT_NEAR(value(normalised_entropy(zero)), 1, 1e-15);
  EXPECT_EQ(value(effective_complexity(zero)), 20);
  EXPECT_NEAR(value(spatial_spread(zero)), 1, 1e-15);
}

TEST(Concentration, ASinglePixelIsUniform) {
  const at::Tensor map = at::ones({1, 1, 1}, at::kDouble);
  EXPECT_EQ(value(gini(map)), 0);
  EXPECT_EQ(value(entropy(map)), 0);
  EXPECT_EQ(value(normalised_entropy(map)), 1);
  EXPECT_EQ(value(spatial_spread(map)), 1);
}

TEST(Concentration, NeedsNonNegativeValues) {
  const at::Tensor map = numbers({1, 3, 3}, 1);
  EXPECT_THROW(gini(map, Sign::raw), base::Error);
  EXPECT_THROW(entropy(map, Sign::raw), base::Error);
  EXPECT_THROW(spatial_spread(map, SpreadUnit::pixels, Sign::raw), base::Error);
}

}  // namespace
}  // namespace ranklens::metrics
