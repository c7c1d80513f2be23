#include "ranklens/study/statistics.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

namespace ranklens::study {
namespace {

using ::testing::ElementsAre;

PairedSamples pairs(std::vector<double> first, std::vector<double> second) {
  PairedSamples samples;
  for (std::size_t i = 0; i < first.size(); ++i) samples.seeds.push_back(i);
  samples.first_values = std::move(first);
  samples.second_values = std::move(second);
  return samples;
}

TEST(Summarise, IntervalOfStudent) {
  // scipy 1.17.1, ttest_rel(x, y).confidence_interval.
  const std::vector<double> d{.05, .02, -.01, .06, .09};
  const Summary wide = summarise(d);
  EXPECT_EQ(wide.count, 5);
  EXPECT_NEAR(wide.mean, 0.042, 1e-15);
  EXPECT_NEAR(wide.deviation, 0.038340579025361615, 1e-15);
  EXPECT_NEAR(wide.lower, -0.005606116646077887, 1e-14);
  EXPECT_NEAR(wide.upper, 0.08960611664607787, 1e-14);
  EXPECT_NEAR(summarise(d, .9).lower, 0.00544644214595312, 1e-14);
}

TEST(Summarise, OneValueHasNoInterval) {
  const Summary one = summarise(std::vector<double>{3});
  EXPECT_EQ(one.mean, 3);
  EXPECT_EQ(one.lower, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(one.upper, std::numeric_limits<double>::infinity());
}

TEST(Summarise, EqualValuesHaveAPoint) {
  const Summary flat = summarise(std::vector<double>{2, 2, 2});
  EXPECT_EQ(flat.lower, 2);
  EXPECT_EQ(flat.upper, 2);
}

TEST(Summarise, RefusesNothingAndNoNumber) {
  EXPECT_THROW(summarise(std::vector<double>{}), base::Error);
  EXPECT_THROW(summarise(std::vector<double>{1, NAN}), base::Error);
  EXPECT_THROW(summarise(std::vector<double>{1, 2}, 1), base::Error);
}

TEST(PairBySeed, MatchesSeedsNotPositions) {
  const std::vector<SeedValue> first{{3, .3}, {1, .1}, {2, .2}};
  const std::vector<SeedValue> second{{2, 20}, {4, 40}, {1, 10}};
  const PairedSamples samples = pair_by_seed(first, second);
  EXPECT_THAT(samples.seeds, ElementsAre(1, 2));
  EXPECT_THAT(samples.first_values, ElementsAre(.1, .2));
  EXPECT_THAT(samples.second_values, ElementsAre(10, 20));
  EXPECT_THAT(samples.unpaired, ElementsAre(3, 4));
  const std::vector<SeedValue> twice{{1, .1}, {1, .2}};
  EXPECT_THROW(pair_by_seed(twice, second), base::Error);
}

TEST(EffectSize, IsHedgesCorrectedDz) {
  // Python: J = gamma(2) / (sqrt(2) gamma(1.5)) = 0.7978845608028653.
  const auto samples = pairs({.52, .55, .49, .61, .58}, {.47, .53, .50, .55, .49});
  EXPECT_NEAR(effect_size(samples), 0.8740387444736634, 1e-12);
  // Three pairs: J = gamma(1) / gamma(.5) = 1 / sqrt(pi); d = 2 / 1.
  EXPECT_NEAR(effect_size(pairs({1, 2, 3}, {0, 0, 0})), 2 / std::sqrt(M_PI), 1e-14);
}

TEST(EffectSize, EdgeCases) {
  EXPECT_EQ(effect_size(pairs({1, 2}, {0, 0})), 0);
  EXPECT_EQ(effect_size(pairs({1, 1}, {0, 0})), 0);
  EXPECT_EQ(effect_size(pairs({1, 2, 3}, {1, 2, 3})), 0);
  EXPECT_EQ(effect_size(pairs({1, 2, 3}, {2, 3, 4})), -std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace ranklens::study
