#include "ranklens/report/reproductions/experiment_parts.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/study/verdict.h"

namespace ranklens::report {
namespace {

using nlohmann::json;

study::ExperimentResults made_up() {
  study::ExperimentResults results;
  for (int seed = 1; seed <= 5; ++seed) {
    results.cells["a-s" + std::to_string(seed)] = {{"x", 2.0 + 0.01 * seed}};
    results.cells["b-s" + std::to_string(seed)] = {{"x", 1.0}};
  }
  results.cells["ab-s1"] = {{"x", 100.0}};
  results.seconds = {{"a-s1", 3.0}};
  return results;
}

double x_of(const json& cell) { return cell.at("x").get<double>(); }

TEST(ExperimentParts, CellsAreOfTheNameAndOfThoseSeedsThatAreThere) {
  const auto cells = cells_of(made_up(), "a", {2, 5, 9});
  ASSERT_EQ(cells.size(), 2U);
  const auto values = values_of(cells, x_of);
  EXPECT_EQ(values[0].seed, 2U);
  EXPECT_EQ(values[0].value, 2.02);
  EXPECT_EQ(values[1].seed, 5U);
  EXPECT_EQ(constant(values, 7)[1].seed, 5U);
  EXPECT_EQ(constant(values, 7)[1].value, 7);
}

TEST(ExperimentParts, VerdictsPairBySeedAndSayBothNames) {
  const auto results = made_up();
  const std::vector<std::uint64_t> seeds{1, 2, 3, 4, 5};
  const auto first = values_of(cells_of(results, "a", seeds), x_of);
  const auto second = values_of(cells_of(results, "b", seeds), x_of);
  const Question question{
      .claim = {.text = "a is above b"}, .first = "arm one", .second = "arm two", .measure = "x"};
  const auto verdict = judged(question, first, second);
  EXPECT_EQ(verdict.verdict.outcome, study::Outcome::supported);
  EXPECT_NEAR(verdict.verdict.difference.mean, 1.03, 1e-12);
  EXPECT_THAT(verdict.verdict.reason, ::testing::HasSubstr("arm one"));
  EXPECT_THAT(verdict.verdict.reason, ::testing::HasSubstr("arm two"));
  EXPECT_EQ(verdict.question, "a is above b");
  EXPECT_EQ(judged(question, second, first).verdict.outcome, study::Outcome::contradicted);
  EXPECT_EQ(judged(question, first, second, {"arm one diverged"}).verdict.outcome,
            study::Outcome::undecided);
}

TEST(ExperimentParts, APageSaysWhatItsCellsTook) {
  ReportData data;
  data.provenance = {{"threads", "2"}};
  add_run(made_up(), data);
  ASSERT_EQ(data.stages.size(), 1U);
  EXPECT_EQ(data.stages[0].stage, "a-s1");
  EXPECT_EQ(data.stages[0].seconds, 3);
  ASSERT_EQ(data.provenance.size(), 2U);
  EXPECT_EQ(data.provenance[1].first, "ranklens");
}

}  // namespace
}  // namespace ranklens::report
