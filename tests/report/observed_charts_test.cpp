#include "ranklens/report/observed_charts.h"

#include <cmath>

#include <gmock/gmock.h>

#include "ranklens/report/page_parts.h"
#include "ranklens/report/train_page.h"

namespace ranklens::report {
namespace {

using ::testing::ElementsAre;

/// Two epochs of two weights; bases of the second are exact at first.
std::vector<train::EpochMetrics> history() {
  std::vector<train::EpochMetrics> epochs(2);
  epochs[0].epoch = 1;
  epochs[0].observed = {{"rank/a.weight", 4},  {"rank/b.weight", 8},     {"cut/a.weight", 0.1},
                        {"cut/b.weight", 0.2}, {"drift/a.weight", 1e-6}, {"drift/b.weight", 0},
                        {"entropy/a", 3}};
  epochs[1].epoch = 2;
  epochs[1].observed = {{"rank/a.weight", 5},   {"rank/b.weight", 6},     {"cut/a.weight", 0.3},
                        {"cut/b.weight", 0.05}, {"drift/a.weight", 1e-7}, {"drift/b.weight", 1e-5}};
  return epochs;
}

TEST(ObservedCharts, RunsHaveOneLineEach) {
  auto plain = history();
  for (auto& epoch : plain) epoch.observed.clear();
  const auto charts = observed_charts({{"bug", 1, history()}, {"adam", 1, plain}});
  ASSERT_EQ(charts.size(), 3U);
  EXPECT_EQ(charts[0].id, "ranks");
  ASSERT_EQ(charts[0].lines.size(), 1U);
  EXPECT_EQ(charts[0].lines[0].arm, "bug");
  EXPECT_THAT(charts[0].lines[0].x, ElementsAre(1, 2));
  EXPECT_THAT(charts[0].lines[0].y, ElementsAre(12, 11));    // sums
  EXPECT_THAT(charts[1].lines[0].y, ElementsAre(0.2, 0.3));  // largest
  EXPECT_THAT(charts[2].lines[0].y,
              ElementsAre(::testing::DoubleNear(-6, 1e-12), ::testing::DoubleNear(-5, 1e-12)));
  EXPECT_TRUE(observed_charts({{"adam", 1, plain}}).empty());
}

TEST(ObservedCharts, WeightsHaveOneLineEach) {
  const auto charts = layer_charts(history());
  ASSERT_EQ(charts.size(), 3U);
  ASSERT_EQ(charts[0].lines.size(), 2U);
  EXPECT_EQ(charts[0].lines[1].arm, "b");
  EXPECT_THAT(charts[0].lines[1].y, ElementsAre(8, 6));
  EXPECT_TRUE(std::isnan(charts[2].lines[1].y[0]));  // no logarithm of zero
  const auto arms = layer_arms(history());
  ASSERT_EQ(arms.size(), 2U);
  EXPECT_EQ(arms[0].id, "a");
}

TEST(TrainPage, IsConsistent) {
  train::FitResult result;
  result.history = history();
  result.provenance = {{"threads", {"1", "2"}}};
  const auto data = train_page({.network = "a", .data = "tiny", .seed = 3}, result);
  EXPECT_NO_THROW(check(data));
  EXPECT_EQ(data.charts.size(), 3U);
  ASSERT_EQ(data.arms.size(), 3U);  // the network may be called like one of its weights
  EXPECT_EQ(data.curves[0].epoch.size(), 2U);
  EXPECT_EQ(data.provenance.back().second, "1, 2");
}

}  // namespace
}  // namespace ranklens::report
