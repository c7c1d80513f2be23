#include "ranklens/report/observed_charts.h"

#include <cmath>
#include <string>

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

TEST(ObservedCharts, NumbersAreDrawnWhereTheyChange) {
  auto epochs = history();
  for (auto& epoch : epochs) epoch.observed = {{"params/a.weight", 100}, {"params/b.weight", 50}};
  EXPECT_TRUE(layer_charts(epochs).empty());
  epochs[1].observed["params/a.weight"] = 60;
  const auto charts = observed_charts({{"bug", 1, epochs}});
  ASSERT_EQ(charts.size(), 1U);
  EXPECT_EQ(charts[0].id, "numbers");
  EXPECT_THAT(charts[0].lines[0].y, ElementsAre(150, 110));
}

TEST(ObservedCharts, ATrainOfManyBondsIsTwoLinesAndAProfile) {
  auto epochs = history();
  for (auto& epoch : epochs) {
    epoch.observed = {{"cut/mps", 0.1}};
    for (int k = 0; k < 196; ++k)
      epoch.observed["rank/mps." + std::to_string(k)] = static_cast<double>(k == 100 ? 30 : 2);
  }
  const auto charts = layer_charts(epochs);
  ASSERT_EQ(charts.size(), 3U);
  EXPECT_EQ(charts[0].id, "ranks");
  ASSERT_EQ(charts[0].lines.size(), 2U);
  EXPECT_EQ(charts[0].lines[0].arm, "mps largest");
  EXPECT_THAT(charts[0].lines[0].y, ElementsAre(30, 30));
  EXPECT_EQ(charts[0].lines[1].arm, "mps mean");
  EXPECT_EQ(charts[1].id, "cuts");
  EXPECT_EQ(charts[2].id, "bonds");
  ASSERT_EQ(charts[2].lines.size(), 1U);
  EXPECT_EQ(charts[2].lines[0].y.size(), 196U);
  EXPECT_EQ(charts[2].lines[0].x[100], 100);
  EXPECT_EQ(charts[2].lines[0].y[100], 30);
  EXPECT_EQ(layer_arms(epochs).size(), 3U);
  train::FitResult result;
  result.history = epochs;
  EXPECT_NO_THROW(check(train_page({.network = "mps", .data = "tiny"}, result)));
}

TEST(TrainPage, OfATrainingThatDivergedSaysSo) {
  train::FitResult result;
  result.ending = train::FitResult::Ending::diverged;
  result.message = "the loss became nan at step 3";
  for (const bool early : {true, false}) {
    if (!early) result.history = history();
    const auto data = train_page({.network = "a", .data = "tiny"}, result);
    EXPECT_NO_THROW(check(data));
    EXPECT_THAT(data.notes, ElementsAre("Not finished: the loss became nan at step 3."));
    EXPECT_THAT(data.lead, ::testing::HasSubstr("was to learn"));
    EXPECT_EQ(data.charts.empty(), early);
  }
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
