#include "ranklens/report/reproductions/experiment_parts.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
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

TEST(ExperimentParts, APrintedSpreadWidensTheInterval) {
  const auto first = values_of(cells_of(made_up(), "a", {1, 2, 3, 4, 5}), x_of);
  const Question question{.claim = {.text = "a is above 2"},
                          .first = "a",
                          .second = "the printed mean",
                          .measure = "x"};
  EXPECT_EQ(judged(question, first, study::Printed{.mean = 2}).verdict.outcome,
            study::Outcome::supported);
  const auto wide =
      judged(question, first, study::Printed{.mean = 2, .deviation = 0.1, .runs = 5}).verdict;
  EXPECT_EQ(wide.outcome, study::Outcome::undecided);
  EXPECT_NEAR(wide.difference.mean, 0.03, 1e-12);
}

/// A verdict whose interval is [lower, upper].
Verdict part_of(const char* text, double lower, double upper, study::Outcome outcome,
                study::Outcome tendency) {
  Verdict part{.claim = {.text = text}, .question = text};
  part.verdict.difference = {
      .count = 5, .mean = (lower + upper) / 2, .lower = lower, .upper = upper};
  part.verdict.outcome = outcome;
  part.verdict.tendency = tendency;
  part.verdict.reason = "so it is";
  return part;
}

TEST(ExperimentParts, AClaimAboutEveryPartIsWhatTheWeakestSays) {
  using study::Outcome;
  const auto strong = part_of("first row", 1, 2, Outcome::supported, Outcome::supported);
  const auto barely = part_of("second row", 0.1, 3, Outcome::supported, Outcome::supported);
  const auto open = part_of("third row", -1, 1, Outcome::undecided, Outcome::undecided);
  const auto few = part_of("fourth row", -2, -1, Outcome::undecided, Outcome::contradicted);
  const auto worse = part_of("fifth row", -3, -2, Outcome::contradicted, Outcome::contradicted);

  const auto all = on_every("on every row", {strong, barely});
  EXPECT_EQ(all.verdict.outcome, Outcome::supported);
  EXPECT_EQ(all.claim.text, "on every row");
  EXPECT_EQ(all.question, "on every row");
  EXPECT_EQ(all.verdict.difference.lower, 0.1);
  EXPECT_EQ(all.verdict.reason, "2 of 2 are supported; the weakest, \"second row\": so it is");

  EXPECT_EQ(on_every("", {open, strong}).verdict.outcome, Outcome::undecided);
  const auto preliminary = on_every("", {strong, few, open}).verdict;
  EXPECT_EQ(preliminary.outcome, Outcome::undecided);
  EXPECT_EQ(preliminary.tendency, Outcome::contradicted);
  EXPECT_THAT(preliminary.reason, ::testing::HasSubstr("1 of 3 are supported"));
  EXPECT_EQ(on_every("", {strong, open, worse, few}).verdict.outcome, Outcome::contradicted);

  // What could not be held against anything is no less a part.
  Verdict nothing{.claim = {.text = "sixth row"}};
  nothing.verdict.reason = "no run";
  const auto missing = on_every("", {strong, open, nothing}).verdict;
  EXPECT_EQ(missing.outcome, Outcome::undecided);
  EXPECT_THAT(missing.reason, ::testing::HasSubstr("sixth row"));
  EXPECT_THROW(on_every("", {}), base::Error);
}

TEST(ExperimentParts, TheWeakestOfMatchesReachesFarthestToEitherSide) {
  using study::Outcome;
  auto near = part_of("near", -0.2, 0.1, Outcome::supported, Outcome::supported);
  auto far = part_of("far", -0.1, 0.9, Outcome::supported, Outcome::supported);
  for (auto* part : {&near, &far}) {
    part->claim.relation = study::Relation::within, part->claim.threshold = 1;
  }
  EXPECT_EQ(on_every("", {near, far}).verdict.difference.upper, 0.9);
  auto less = part_of("less", -3, -2, Outcome::supported, Outcome::supported);
  auto hardly = part_of("hardly", -3, -0.5, Outcome::supported, Outcome::supported);
  less.claim.relation = hardly.claim.relation = study::Relation::less;
  EXPECT_EQ(on_every("", {less, hardly}).verdict.difference.upper, -0.5);
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
