#include "ranklens/metrics/per_map.h"

#include <numeric>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/threads.h"

#include "metrics/maps.h"

namespace ranklens::metrics {
namespace {

using ::testing::ElementsAre;

double sum_of(const MapView& map) {
  return std::accumulate(map.values.begin(), map.values.end(), 0.0);
}

TEST(PerMap, EveryImageHasItsOwnValueOnAnyNumberOfThreads) {
  const at::Tensor maps = numbers({600, 5, 4}, 9);
  for (const int threads : {1, 3}) {
    const base::ThreadScope scope(threads);
    EXPECT_TRUE(per_map(maps, Sign::raw, sum_of).allclose(maps.flatten(1).sum(1), 1e-14));
  }
}

TEST(PerMap, SignsAreAppliedBeforeTheMetric) {
  const at::Tensor map = map_of({-3, 1, 2}, 1);
  EXPECT_EQ(value(per_map(map, Sign::raw, sum_of)), 0);
  EXPECT_EQ(value(per_map(map, Sign::positive, sum_of)), 3);
  EXPECT_EQ(value(per_map(map, Sign::absolute, sum_of)), 6);
}

TEST(PerMap, PairsAndMasksAreOfTheSameImage) {
  const at::Tensor maps = numbers({300, 2, 3}, 1), others = numbers({300, 2, 3}, 2);
  const auto product = per_pair(maps, others, Sign::raw, [](const MapView& a, const MapView& b) {
    return std::inner_product(a.values.begin(), a.values.end(), b.values.begin(), 0.0);
  });
  EXPECT_TRUE(product.allclose((maps * others).flatten(1).sum(1), 1e-14));
  const at::Tensor masks = others.lt(0.5);
  const auto inside = per_map_and_mask(maps, masks, Sign::raw, [](const MapView& a, MaskView m) {
    return std::inner_product(a.values.begin(), a.values.end(), m.begin(), 0.0);
  });
  EXPECT_TRUE(inside.allclose((maps * masks).flatten(1).sum(1), 1e-14));
}

TEST(PerMap, AnErrorOfAMetricReachesTheCaller) {
  const base::ThreadScope scope(2);
  EXPECT_THROW(per_map(numbers({100, 2, 2}, 1), Sign::raw,
                       [](const MapView&) -> double { throw std::runtime_error("x"); }),
               std::runtime_error);
}

TEST(AsDistribution, SharesOfTheSum) {
  EXPECT_THAT(as_distribution(std::vector<double>{1, 0, 3}), ElementsAre(0.25, 0, 0.75));
  EXPECT_THAT(as_distribution(std::vector<double>{0, 0}), ElementsAre(0.5, 0.5));
  EXPECT_THAT(as_distribution(std::vector<double>{1e308, 1e308}), ElementsAre(0.5, 0.5));
}

TEST(Ascending, EqualValuesByIndex) {
  EXPECT_THAT(ascending(std::vector<double>{2, 1, 2, 0}), ElementsAre(3, 1, 0, 2));
}

TEST(TopShare, PlacesLeftAreSharedByThoseThatTie) {
  const std::vector<double> values{5, 1, 3, 3, 3};
  EXPECT_THAT(top_share(values, 1), ElementsAre(1, 0, 0, 0, 0));
  EXPECT_THAT(top_share(values, 3), ElementsAre(1, 0, 2. / 3, 2. / 3, 2. / 3));
  EXPECT_THAT(top_share(values, 9), ElementsAre(1, 1, 1, 1, 1));
  EXPECT_THAT(top_share(values, 0), ElementsAre(0, 0, 0, 0, 0));
}

}  // namespace
}  // namespace ranklens::metrics
