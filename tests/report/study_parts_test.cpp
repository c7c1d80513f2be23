// What a page of a study with recipes has besides: sizes over the seeds, what they are worth, how
// learning rates were chosen, what is missing.
#include <algorithm>
#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/report/page_parts.h"
#include "ranklens/report/study_page.h"

#include "study/cells.h"

namespace ranklens::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

study::Selection one_image(bool masks) {
  study::Selection selection;
  selection.data.images = at::arange(3 * 16).view({1, 3, 4, 4}).to(at::kByte);
  selection.data.labels = at::tensor({1}, at::kLong);
  if (masks) selection.data.masks = at::zeros({1, 4, 4}, at::kByte);
  selection.data.classes = {"cat", "frog"};
  selection.items = {64};
  selection.groups = {{"item 64", 1}};
  return selection;
}

/// ResNet-20 at full rank and at two tolerances, whose ranks differ by seed.
study::Results by_tolerance() {
  study::Results results;
  auto& config = results.config;
  config = study::two_arms(2);
  config.recipes = {"full = resnet20", "low = resnet20 @ bug(tau=0.1) with *: low_rank(ratio=0.5)",
                    "lower = resnet20 @ bug(tau=0.3) with *: low_rank(ratio=0.5)", "big = vgg16"};
  config.arms = {"full", "low", "lower"};
  for (const auto seed : config.seeds) {
    std::int64_t k = 0;
    for (const auto& arm : config.arms) {
      auto cell = study::made_up_cell(config, arm, seed, -0.01 * static_cast<double>(k));
      cell.parameters = 1000 - 300 * k + (k > 0 ? 20 * static_cast<std::int64_t>(seed) : 0);
      cell.flops = 1000000 * (4 - k);
      cell.weights = 800 - 300 * k + (k > 0 ? 8 * static_cast<std::int64_t>(seed) : 0);
      cell.dense_weights = 800;
      results.cells.push_back(cell);
      results.speeds[arm] = {
          .forward = 100. + 10. * static_cast<double>(k), .training = 50, .run = "a"};
      ++k;
    }
  }
  results.answers = study::answer(config, results.cells);
  return results;
}

const Chart& chart_called(const ReportData& data, const std::string& id) {
  return *std::find_if(data.charts.begin(), data.charts.end(),
                       [&](const Chart& chart) { return chart.id == id; });
}

const Table& table_called(const std::vector<Table>& all, const std::string& id) {
  return *std::find_if(all.begin(), all.end(), [&](const Table& t) { return t.id == id; });
}

TEST(StudyParts, SizesAreMeansOverTheSeeds) {
  const auto data = study_page(by_tolerance(), one_image(true), "");
  const auto& low = data.arms.at(1);
  EXPECT_EQ(low.parameters.mean, 730);  // 720 and 740
  EXPECT_EQ(low.parameters.count, 2);
  EXPECT_DOUBLE_EQ(*low.compression, 0.27);
  EXPECT_DOUBLE_EQ(low.saved.mean, 1 - 512. / 800);  // 508 and 516
  EXPECT_EQ(data.arms.at(0).saved.mean, 0);
  const auto csv = to_csv(table_called(tables(data), "arms"));
  EXPECT_THAT(csv, HasSubstr("Parameters,Parameters low,Parameters high,Parameters n"));
  EXPECT_THAT(csv, HasSubstr("Weights saved,"));
  EXPECT_THAT(csv, HasSubstr(",730,"));
  // Where all seeds agree the count stands alone.
  auto same = by_tolerance();
  for (auto& cell : same.cells) cell.parameters = cell.arm == "full" ? 1000 : 700;
  EXPECT_THAT(to_csv(table_called(tables(study_page(same, one_image(true), "")), "arms")),
              HasSubstr("Parameters,Compression"));
}

TEST(StudyParts, AccuracyIsDrawnOverWhatIsSavedAndWhatItCosts) {
  const auto data = study_page(by_tolerance(), one_image(true), "");
  EXPECT_THAT(data.chart_title, HasSubstr("Accuracy against size and speed"));
  const auto& weights = chart_called(data, "trade-weights");
  ASSERT_EQ(weights.lines.size(), 2U);  // a seed each
  EXPECT_EQ(weights.lines[0].arm, "resnet20");
  EXPECT_THAT(weights.lines[0].places, ElementsAre("full", "low", "lower"));
  EXPECT_DOUBLE_EQ(weights.lines[0].x[1], 100 * (1 - 508. / 800));
  EXPECT_NEAR(weights.lines[0].y[1], 100 * (0.5 - 0.01 + 0.001), 1e-9);
  EXPECT_THAT(chart_called(data, "trade-flops").lines[0].x, ElementsAre(2, 3, 4));
  EXPECT_THAT(chart_called(data, "trade-flops").lines[0].places,
              ElementsAre("lower", "low", "full"));
  EXPECT_THAT(chart_called(data, "trade-forward").lines[0].x, ElementsAre(100, 110, 120));
  EXPECT_NO_THROW(check(data));
  EXPECT_THAT(page(data), HasSubstr("\"places\":[\"full\",\"low\",\"lower\"]"));
  EXPECT_THAT(to_csv(table_called(tables(data), "chart-trade-weights")),
              HasSubstr("held-out accuracy (%),place"));
}

TEST(StudyParts, NoLineIsDrawnThroughFewerThanThreePlaces) {
  auto given = by_tolerance();
  for (auto& cell : given.cells)
    if (cell.arm == "low") cell.weights = 800;  // as the full network
  EXPECT_TRUE(study_page(given, one_image(true), "").charts.empty());
  given = by_tolerance();
  given.cells[1].dense_weights = 0;  // of an earlier version
  EXPECT_TRUE(study_page(given, one_image(true), "").charts.empty());
  given = by_tolerance();
  given.speeds["low"].run = "b";
  const auto data = study_page(given, one_image(true), "");
  EXPECT_EQ(data.charts.size(), 2U) << "speeds of two runs are no chart";
}

TEST(StudyParts, SaysWhatIsMissing) {
  const auto with = study_page(by_tolerance(), one_image(true), "").notes;
  const auto without = study_page(by_tolerance(), one_image(false), "").notes;
  EXPECT_THAT(with, ::testing::Contains("Not trained, of vgg16: big; --arms adds arms."));
  EXPECT_THAT(::testing::PrintToString(with), Not(HasSubstr("have no masks")));
  EXPECT_THAT(::testing::PrintToString(without), HasSubstr("have no masks of their objects"));
}

TEST(StudyParts, TheChoiceOfLearningRatesIsATable) {
  auto given = by_tolerance();
  EXPECT_THAT(::testing::PrintToString(study_page(given, one_image(true), "").notes),
              Not(HasSubstr("learning rate")));
  given.config.rates = {3, 1, 0.3};
  given.rates = {{"full", 0.3, 2, 0.1},     {"full", 1, 1.5, 0.1},     {"full", 3, 1.75, 0.1},
                 {"low", 0.3, 1, 0.1},      {"low", 1, 1.25, 0.1},     {"low", 3, NAN, NAN},
                 {"low", 0.09, 0.875, 0.1}, {"low", 0.027, 0.75, 0.1}, {"low", 0.0081, 0.5, 0.1},
                 {"lower", 1, 1, 0.1}};
  const auto data = study_page(given, one_image(true), "");
  const auto csv = to_csv(table_called(tables(data), "rates"));
  EXPECT_THAT(csv, HasSubstr("Arm,Optimiser,× 0.0081,× 0.027,× 0.09,× 0.3,× 1,× 3,Chosen\r\n"));
  EXPECT_THAT(csv, HasSubstr(",,,,2,1.5,1.75,× 1\r\n"));
  EXPECT_THAT(csv, HasSubstr(",0.5,0.75,0.875,1,1.25,diverged,× 0.0081\r\n"));
  EXPECT_THAT(csv, HasSubstr("lower,bug(tau=0.3),,,,,1,,\r\n")) << "not decided yet";
  EXPECT_THAT(
      data.notes,
      ::testing::Contains(HasSubstr("chosen for low is the lowest or the highest that was tried")));
  EXPECT_THAT(table_called(data.tables, "rates").note, HasSubstr("from seed 0, which no verdict"));
  given.config.rate_seeds = 3;
  EXPECT_THAT(table_called(study_page(given, one_image(true), "").tables, "rates").note,
              HasSubstr("the mean of seeds 0, 1000000001, 1000000002, which no verdict sees"));
}

}  // namespace
}  // namespace ranklens::report
