#include "ranklens/metrics/registry.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "metrics/maps.h"
#include "testing/expect_error.h"

namespace ranklens::metrics {
namespace {

Subject subject(const at::Tensor& maps) {
  return {.maps = maps,
          .masks = numbers(maps.sizes().vec(), 21).lt(0.3).to(at::kByte),
          .others = numbers(maps.sizes().vec(), 22),
          .images = numbers({maps.size(0), 3, maps.size(1), maps.size(2)}, 23),
          .targets = at::ones({maps.size(0)}, at::kLong),
          .score = [](const at::Tensor& x) { return x.mean({2, 3}); }};
}

// Signed, constant, zero, negative, a single peak: whatever comes, an answer within the range.
at::Tensor difficult_maps() {
  at::Tensor maps = numbers({6, 8, 9}, 20).sub(0.5);
  maps[1].fill_(0.25);
  maps[2].zero_();
  maps[3] = maps[3].abs().neg();
  maps[4].zero_();
  maps[4][3][3] = 1;
  maps[5].mul_(1e-30);
  return maps;
}

TEST(Registry, EveryAnswerLiesInItsRange) {
  Subject given = subject(difficult_maps());
  given.masks[4].zero_();
  given.masks[5].fill_(1);
  for (const Metric& metric : all()) {
    const at::Tensor values = measure(metric, given);
    ASSERT_EQ(values.scalar_type(), at::kDouble) << metric.name;
    ASSERT_EQ(values.sizes(), at::IntArrayRef({6})) << metric.name;
    for (std::int64_t i = 0; i < 6; ++i) {
      EXPECT_GE(value(values, i), metric.lowest - 1e-12) << metric.name << " of map " << i;
      EXPECT_LE(value(values, i), metric.highest + 1e-12) << metric.name << " of map " << i;
    }
  }
}

// The mask itself is the best map of the mask; its complement is the worst.
TEST(Registry, DirectionsPointToTheBetterMap) {
  Subject good = subject(numbers({4, 8, 9}, 1));
  good.maps = good.masks.to(at::kDouble);
  good.others = good.maps;
  Subject bad = good;
  bad.maps = 1 - good.maps;
  for (const Metric& metric : all()) {
    if (metric.family == Family::faithfulness || metric.family == Family::concentration) continue;
    const double gain = (measure(metric, good) - measure(metric, bad)).mean().item<double>();
    EXPECT_GT(metric.direction == Direction::higher ? gain : -gain, 0) << metric.name;
  }
}

TEST(Registry, ConcentrationPrefersOnePixel) {
  Subject sharp = subject(at::zeros({1, 8, 9}, at::kDouble));
  sharp.maps[0][2][3] = 1;
  const Subject flat = subject(at::ones({1, 8, 9}, at::kDouble));
  for (const Metric& metric : all()) {
    if (metric.family != Family::concentration) continue;
    const double gain = (measure(metric, sharp) - measure(metric, flat)).item<double>();
    EXPECT_GT(metric.direction == Direction::higher ? gain : -gain, 0) << metric.name;
  }
}

TEST(Registry, FaithfulnessPrefersTheScoresOwnPixels) {
  const at::Tensor image = numbers({1, 1, 8, 8}, 5);
  Subject given{.maps = image.squeeze(1),
                .images = image,
                .targets = at::zeros({1}, at::kLong),
                .score = [](const at::Tensor& x) {
                  const at::Tensor sum = x.sum({1, 2, 3});
                  return at::stack({sum, at::full_like(sum, 16)}, 1);
                }};
  Subject reversed = given;
  reversed.maps = -given.maps;
  for (const Metric& metric : all()) {
    if (metric.family != Family::faithfulness) continue;
    const double gain = (measure(metric, given) - measure(metric, reversed)).item<double>();
    EXPECT_GT(metric.direction == Direction::higher ? gain : -gain, 0) << metric.name;
  }
}

TEST(Registry, SeveralAtOnceAreAsOneByOne) {
  Subject given = subject(difficult_maps());
  std::vector<const Metric*> some;
  for (const Metric& metric : all()) some.push_back(&metric);
  std::vector<at::Tensor> alone;
  for (const Metric* metric : some) alone.push_back(measure(*metric, given));
  std::int64_t images = 0;
  given.score = [&, score = given.score](const at::Tensor& x) {
    images += x.size(0);
    return score(x);
  };
  const auto together = measure(some, given);
  ASSERT_EQ(together.size(), some.size());
  for (std::size_t k = 0; k < some.size(); ++k) {
    EXPECT_TRUE(together[k].equal(alone[k])) << some[k]->name;
  }
  // 6 maps of 8x9 pixels: 9 perturbed images a curve (one row at a time) and game.
  EXPECT_EQ(images, 6 * 9 * 2);
  std::swap(some.front(), some.back());
  EXPECT_TRUE(measure(some, given).front().equal(alone.back()));
  EXPECT_THROW(measure(some, {.maps = given.maps}), base::Error);
}

TEST(Registry, SaysWhatIsMissing) {
  const Subject maps_only{.maps = numbers({1, 4, 4}, 1)};
  for (const Metric* metric : applicable(maps_only)) {
    EXPECT_EQ(metric->family, Family::concentration) << metric->name;
  }
  EXPECT_EQ(applicable(subject(numbers({1, 4, 4}, 1))).size(), all().size());
  EXPECT_THROW(measure(find("iou"), maps_only), base::Error);
  ranklens::testing::expect_error([] { find("ginny"); }, "'gini'");
}

TEST(Registry, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Metric& metric : all()) {
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_EQ(&find(metric.name), &metric);
    EXPECT_FALSE(metric.summary.empty());
    EXPECT_FALSE(metric.source.empty());
  }
}

}  // namespace
}  // namespace ranklens::metrics
