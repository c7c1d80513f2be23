// Verdicts of uv-vs-dlrt on curves that are known.
#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ranklens/base/error.h"
#include "ranklens/report/page_parts.h"
#include "ranklens/report/reproductions/trial_claims.h"
#include "ranklens/report/reproductions/trials_page.h"

#include "made_up_trials.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::Outcome;
using ::testing::HasSubstr;
using trial_results::diverged;
using trial_results::MadeUp;
using trial_results::phase_result;

/// Of 20 epochs: what is lacking to `end` halves with each.
std::vector<double> rising(double end, double jitter) {
  std::vector<double> values;
  double lacks = end;
  for (int epoch = 1; epoch <= 20; ++epoch) values.push_back(end - (lacks /= 2) + jitter);
  return values;
}

/// Ends by method and decay; five seeds of each.
MadeUp curves(double uv_at_ten, double bug_at_ten) {
  MadeUp made;
  made.reproduction.trials.name = "uv-vs-dlrt";
  made.reproduction.seeds = 10;
  struct Line {
    const char* arm;
    double end;
    std::uint64_t spread;
  };
  for (const auto& line :
       {Line{"uv-d1", 0.94, 1}, Line{"uv-d10", uv_at_ten, 1}, Line{"bug-d1", 0.98, 2},
        Line{"bug-d10", bug_at_ten, 1}, Line{"uv-as-coded-d1", 0.86, 1},
        Line{"uv-as-coded-d10", uv_at_ten, 1}}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const double jitter = 1e-4 * static_cast<double>(seed * line.spread % 5);
      made.add(line.arm, seed,
               {{"phases", json::array({phase_result(line.end + jitter, 0.7, "training",
                                                     rising(line.end, jitter))})}});
    }
  }
  for (auto& trial : made.reproduction.trials.trials) trial.phases = {{.fit = {.epochs = 20}}};
  for (const char* arm : {"bug-d1", "bug-d10", "uv-as-coded-d1", "uv-as-coded-d10"}) {
    study::reproductions::Published row{.arm = arm, .runs = 10};
    for (const std::int64_t epoch : {4, 5, 9, 10, 20}) {
      row.accuracy = std::string(arm).starts_with("uv") ? 0.8 : 0.9;
      row.curve[epoch] = {row.accuracy, 0.002};
    }
    made.reproduction.published.push_back(row);
  }
  return made;
}

Verdict about(const std::vector<Verdict>& verdicts, const std::string& text) {
  const auto found = std::find_if(verdicts.begin(), verdicts.end(), [&](const Verdict& one) {
    return one.question.find(text) != std::string::npos;
  });
  base::require(found != verdicts.end(), "no verdict on '{}'", text);
  return *found;
}

std::vector<Verdict> verdicts_of(const MadeUp& made) {
  return factor_verdicts(made.reproduction, made.results);
}

TEST(FactorClaims, RobustnessIsWhatDecayCosts) {
  const auto robust = verdicts_of(curves(0.80, 0.975));
  EXPECT_EQ(about(robust, "bug ends less than 2 points lower").verdict.outcome, Outcome::supported);
  EXPECT_NEAR(about(robust, "bug ends less than 2 points").verdict.difference.mean, 0.5, 1e-5);
  EXPECT_EQ(about(robust, "U and V ends more than 2 points lower").verdict.outcome,
            Outcome::supported);
  EXPECT_EQ(about(robust, "A decay of 10 costs bug less").verdict.outcome, Outcome::supported);

  // Integrators that fall as far as descent on the factors are not robust.
  const auto fragile = verdicts_of(curves(0.80, 0.84));
  EXPECT_EQ(about(fragile, "bug ends less than 2 points").verdict.outcome, Outcome::contradicted);
  EXPECT_EQ(about(fragile, "A decay of 10 costs bug less").verdict.outcome, Outcome::undecided);
  const auto sturdy = verdicts_of(curves(0.935, 0.975));
  EXPECT_EQ(about(sturdy, "U and V ends more than 2 points").verdict.outcome,
            Outcome::contradicted);
}

TEST(FactorClaims, HoldAfterEveryPrintedEpoch) {
  const auto made = curves(0.80, 0.975);
  const auto above = about(verdicts_of(made), "divided by 10^k, bug is above");
  EXPECT_THAT(above.question, HasSubstr("after 4, 5, 9, 10 and 20 epochs"));
  EXPECT_EQ(above.verdict.outcome, Outcome::supported);
  EXPECT_THAT(above.verdict.reason, HasSubstr("5 of 5 are supported"));

  // One early epoch in which it is not above is enough.
  auto late = made;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto& phase = late.results.cells[fmt::format("bug-d10-s{}", seed)]["phases"][0];
    phase["history"][3]["observed"]["test_accuracy"] = 0.1;
  }
  const auto not_always = about(verdicts_of(late), "divided by 10^k, bug is above");
  EXPECT_EQ(not_always.verdict.outcome, Outcome::contradicted);
  EXPECT_THAT(not_always.verdict.reason, HasSubstr("after 4 epochs"));
}

TEST(FactorClaims, PrintedCurvesAreReachedAtEachOfTheirEpochs) {
  // 0.98 (1 - 2^-4) = 0.919 after four epochs, 0.9 printed; 0.975 likewise.
  const auto good = verdicts_of(curves(0.80, 0.975));
  EXPECT_EQ(about(good, "do not decay, bug reaches the printed").verdict.outcome,
            Outcome::supported);
  const auto bad = verdicts_of(curves(0.80, 0.93));  // 0.872 after four
  const auto missed = about(bad, "10^k, bug reaches the printed");
  EXPECT_EQ(missed.verdict.outcome, Outcome::contradicted);
  EXPECT_THAT(missed.verdict.reason, HasSubstr("after 4 epochs"));
  EXPECT_THAT(missed.verdict.reason, HasSubstr("printed mean of 10 runs"));
}

// Printed: 80 % at every epoch.
TEST(FactorClaims, PrintedDescentIsThatOfItsCode) {
  const auto verdicts = verdicts_of(curves(0.80, 0.975));
  EXPECT_EQ(about(verdicts, "10^k, descent on U and V with convolutions held").verdict.outcome,
            Outcome::supported);
  const auto faster = about(verdicts, "do not decay, descent on U and V with convolutions held");
  EXPECT_EQ(faster.verdict.outcome, Outcome::contradicted);
  EXPECT_THAT(faster.verdict.reason, HasSubstr("after 20 epochs"));
  EXPECT_THAT(about(verdicts, "descent on U and V as it was coded ends").question,
              HasSubstr("(printed: 0.0)"));
}

TEST(FactorClaims, WhatEitherArmLostCounts) {
  auto made = curves(0.80, 0.975);
  made.results.cells["uv-d10-s4"] = diverged();
  const auto lost = verdicts_of(made);
  for (const char* text : {"divided by 10^k, bug is above", "A decay of 10 costs bug less",
                           "U and V ends more than 2 points"}) {
    EXPECT_EQ(about(lost, text).verdict.outcome, Outcome::undecided) << text;
    EXPECT_THAT(about(lost, text).verdict.reason, HasSubstr("uv-d10 from seed 4 diverged")) << text;
  }
  EXPECT_EQ(about(lost, "do not decay, bug is above").verdict.outcome, Outcome::supported);
}

TEST(FactorClaims, ThePageHasCurvesAndTheirTable) {
  const auto made = curves(0.80, 0.975);
  const auto page = trials_page(made.reproduction, made.results, "");
  EXPECT_NO_THROW(check(page));
  const auto& table = page.tables.at(1);
  ASSERT_EQ(table.id, "epochs");
  ASSERT_EQ(table.columns.size(), 1U + 2 * 5);
  ASSERT_EQ(table.rows.size(), 6U);
  // bug without decay, after four epochs: ours, and as printed.
  EXPECT_EQ(std::get<std::string>(table.rows[2].cells[0]), "bug-d1");
  EXPECT_NEAR(std::get<Estimate>(table.rows[2].cells[1]).mean, 0.98 * 15 / 16, 5e-4);
  EXPECT_EQ(std::get<double>(table.rows[2].cells[2]), 0.9);
  const auto chart = std::find_if(page.charts.begin(), page.charts.end(),
                                  [](const Chart& one) { return one.id == "epochs-d10"; });
  ASSERT_NE(chart, page.charts.end());
  // Three arms of five seeds, and what was printed for two of them.
  EXPECT_EQ(chart->lines.size(), 17U);
  EXPECT_EQ(chart->lines.back().x, (std::vector<double>{4, 5, 9, 10, 20}));
}

TEST(FactorClaims, ShortRunsAreJudgedOnTheEpochsTheyHave) {
  auto made = curves(0.80, 0.975);
  for (auto& trial : made.reproduction.trials.trials) trial.phases[0].fit.epochs = 4;
  EXPECT_THAT(about(verdicts_of(made), "divided by 10^k, bug is above").question,
              HasSubstr("after 4 epochs"));
}

}  // namespace
}  // namespace ranklens::report
