#include "ranklens/report/reproductions/trials_page.h"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/page_parts.h"
#include "ranklens/report/reproductions/trial_values.h"

#include "made_up_trials.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::Outcome;
using study::reproductions::Extent;
using ::testing::HasSubstr;
using trial_results::diverged;
using trial_results::MadeUp;
using trial_results::phase_result;
using trial_results::result_of;

/// Three arms with so many seeds each; tau-0.1 saves 90 %, tau-0.2 95 %.
MadeUp lenets(double lift, std::uint64_t seeds = 5) {
  MadeUp made;
  made.reproduction.trials.name = "lenet-dlrt";
  made.reproduction.seeds = 5;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    for (const auto& [arm, saved] : std::vector<std::pair<std::string, double>>{
             {"dense", 0}, {"tau-0.1", 0.90}, {"tau-0.2", 0.95}}) {
      made.add(arm, seed, result_of(0.97 + lift + 1e-4 * static_cast<double>(seed), saved));
    }
  }
  made.reproduction.published = {
      {"dense", 0.98}, {"tau-0.1", 0.97, 0.88}, {"tau-0.2", 0.97, 0.91}, {"tau-0.3", 0.97, 0.99}};
  return made;
}

ReportData page_of(const MadeUp& made) {
  return trials_page(made.reproduction, made.results, "ranklens reproduce");
}

TEST(TrialsPage, HoldsRowsAgainstTheRunThatSavesAsMuch) {
  const auto page = page_of(lenets(0.01));
  ASSERT_EQ(page.verdicts.size(), 4U);
  EXPECT_THAT(page.verdicts[1].verdict.reason, HasSubstr("tau-0.1 "));
  EXPECT_THAT(page.verdicts[2].verdict.reason, HasSubstr("tau-0.2 "));
  EXPECT_EQ(page.verdicts[1].verdict.outcome, Outcome::supported);
  EXPECT_NEAR(page.verdicts[1].verdict.difference.mean, 1.03, 1e-9);
  // Nothing saves 99 %: a row without a run is a row all the same, and "every" is not shown.
  EXPECT_EQ(page.verdicts[3].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(page.verdicts[3].verdict.reason,
              HasSubstr("no run saves 99.00 % of the weights, the most is 95.00 %"));
  EXPECT_THAT(page.verdicts[0].question, HasSubstr("every row from 88 to 99 %"));
  EXPECT_EQ(page.verdicts[0].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(page.verdicts[0].verdict.reason, HasSubstr("2 of 3 are supported"));

  const auto worse = page_of(lenets(-0.01));
  for (const int k : {0, 1, 2}) {
    EXPECT_EQ(worse.verdicts[static_cast<std::size_t>(k)].verdict.outcome, Outcome::contradicted);
  }
  auto reached = lenets(0.01);
  reached.reproduction.published.pop_back();
  EXPECT_EQ(page_of(reached).verdicts[0].verdict.outcome, Outcome::supported);
}

TEST(TrialsPage, ARunThatSavesExactlyAsMuchCounts) {
  auto made = lenets(0.01);
  made.reproduction.published = {{"tau-0.2", 0.97, 1 - 50.0 / 1000}};
  EXPECT_THAT(page_of(made).verdicts[1].verdict.reason, HasSubstr("tau-0.2 "));
}

TEST(TrialsPage, ThePrintedSpreadCounts) {
  auto made = lenets(0.0005);  // 0.08 points above
  made.reproduction.published = {{"tau-0.1", 0.97, 0.88}};
  EXPECT_EQ(page_of(made).verdicts[1].verdict.outcome, Outcome::supported);
  made.reproduction.published = {
      {.arm = "tau-0.1", .accuracy = 0.97, .saved = 0.88, .deviation = 0.004, .runs = 5}};
  const auto page = page_of(made);
  EXPECT_EQ(page.verdicts[1].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(page.verdicts[1].verdict.reason, HasSubstr("the printed mean of 5 runs"));
}

TEST(TrialsPage, AReducedRunAnswersNothing) {
  for (const auto extent : {Extent::quick, Extent::smoke}) {
    for (const double lift : {0.01, -0.01}) {
      auto made = lenets(lift);
      made.reproduction.extent = extent;
      for (const auto& one : page_of(made).verdicts) {
        EXPECT_EQ(one.verdict.outcome, Outcome::undecided);
        EXPECT_THAT(one.verdict.reason, HasSubstr("reduced"));
      }
    }
  }
  // Seeds are not what is missing: the interval's own answer stays.
  auto made = lenets(0.01);
  made.reproduction.extent = Extent::quick;
  EXPECT_EQ(page_of(made).verdicts[1].verdict.tendency, Outcome::supported);
}

TEST(TrialsPage, NeedsTheSeedsOfTheWholeExperiment) {
  EXPECT_THAT(page_of(lenets(0.01, 3)).verdicts[1].verdict.reason, HasSubstr("5 seeds are needed"));
  auto three = lenets(0.01, 3);
  three.reproduction.seeds = 3;
  EXPECT_EQ(page_of(three).verdicts[1].verdict.outcome, Outcome::supported);
  // Ten of them ask for no more than five.
  auto ten = lenets(0.01, 5);
  ten.reproduction.seeds = 10;
  EXPECT_EQ(page_of(ten).verdicts[1].verdict.outcome, Outcome::supported);
}

std::string fact(const ReportData& page, const std::string& name) {
  for (const auto& [key, value] : page.facts) {
    if (key == name) return value;
  }
  return "";
}

TEST(TrialsPage, NamesExtentEpochsSeedsAndImages) {
  auto made = lenets(0.01);
  made.reproduction.extent = Extent::quick;
  made.reproduction.trials.images = "50 to learn from, 10 to tell of";
  for (auto& trial : made.reproduction.trials.trials) {
    trial.phases = {{.fit = {.epochs = 10}}, {.fit = {.epochs = 10}}};
    if (trial.arm == "dense") trial.phases = {{.fit = {.epochs = 20}}};
  }
  const auto page = page_of(made);
  EXPECT_EQ(fact(page, "extent"), "quick");
  EXPECT_EQ(fact(page, "epochs"), "20; 10 + 10");
  EXPECT_EQ(fact(page, "seeds"), "5");
  EXPECT_EQ(fact(page, "images"), "50 to learn from, 10 to tell of");
  EXPECT_EQ(fact(page, "trainings"), "15 of 15");
}

TEST(TrialsPage, IsConsistentAndSaysWhatIsThere) {
  auto made = lenets(0.01);
  made.results.cells.erase("tau-0.2-s5");
  made.results.cells["tau-0.1-s3"] = diverged();
  const auto page = page_of(made);
  EXPECT_NO_THROW(check(page));
  ASSERT_EQ(page.tables.front().rows.size(), 3U);
  const auto& row = page.tables.front().rows[1].cells;
  EXPECT_EQ(std::get<std::string>(row[0]), "tau-0.1");
  EXPECT_EQ(std::get<Estimate>(row[1]).count, 4);
  EXPECT_NEAR(std::get<Estimate>(row[3]).mean, 0.9, 1e-9);
  EXPECT_EQ(std::get<std::string>(row[5]), "conv1 4, head 7");
  // A seed that was lost forbids an answer.
  EXPECT_EQ(page.verdicts[1].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(page.verdicts[1].verdict.reason, HasSubstr("diverged"));
  EXPECT_EQ(page.curves.size(), 13U);
  EXPECT_EQ(page.curves.front().validation_accuracy, (std::vector<double>{0.1, 0.2}));
  EXPECT_EQ(page.curves.front().seconds, (std::vector<double>{2, 4}));
  // One line a seed and the published rows.
  EXPECT_EQ(page.charts.front().id, "trade-tau");
  EXPECT_EQ(page.charts.front().lines.size(), 6U);
}

TEST(TrialsPage, WidthsHaveTablesOfTheirOwnAndAMargin) {
  MadeUp made;
  made.reproduction.trials.name = "mlp-dlrt";
  made.reproduction.seeds = 3;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    // 0.1 points below what is printed, and 0.3.
    made.add("w200-tau-0.1", seed, result_of(0.969 + 1e-6 * static_cast<double>(seed), 0.9));
    made.add("w500-tau-0.1", seed, result_of(0.967 + 1e-6 * static_cast<double>(seed), 0.9));
  }
  made.reproduction.published = {
      {"w200-tau-0.1", 0.97, 0.9}, {"w500-tau-0.1", 0.97, 0.9}, {"w784-tau-0.1", 0.97, 0.9}};
  const auto page = page_of(made);
  // Nothing was trained at 784.
  ASSERT_EQ(page.verdicts.size(), 4U);
  EXPECT_EQ(page.verdicts[1].verdict.outcome, Outcome::supported);
  EXPECT_EQ(page.verdicts[3].verdict.outcome, Outcome::contradicted);
  EXPECT_THAT(page.verdicts[3].question, HasSubstr("to within 0.2 points (w500-tau-0.1)"));
  EXPECT_EQ(page.charts.front().id, "trade-w200-tau");
  EXPECT_NO_THROW(check(page));
}

TEST(TrialsPage, SetsPhasesBesideWhatWasPublishedForThem) {
  MadeUp made;
  made.reproduction.trials.name = "fine-tune-effect";
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const double jitter = 1e-3 * static_cast<double>(seed);
    made.add("lenet5", seed,
             {{"phases",
               {phase_result(0.50 + jitter, 0.9, "adaptive"),
                phase_result(0.60 + jitter / 2, 0.9, "ranks found on"),
                phase_result(0.58 + 2 * jitter, 0.9, "cores alone")}}});
    made.reproduction.trials.trials.push_back({.arm = "vgg16", .seed = seed, .asked = false});
  }
  for (auto& trial : made.reproduction.trials.trials) {
    trial.phases = {{.name = "adaptive"},
                    {.name = "ranks found on"},
                    {.name = "cores alone", .from = "adaptive"}};
  }
  made.reproduction.published = {
      {.arm = "lenet5",
       .accuracy = .587,
       .saved = .948,
       .phases = {{"adaptive", {.44, .05}}, {"cores alone", {.587, .02}}}},
      {.arm = "vgg16",
       .accuracy = .677,
       .saved = .976,
       .phases = {{"adaptive", {.395, .06}}, {"cores alone", {.677, .01}}}}};
  const auto page = page_of(made);
  EXPECT_NO_THROW(check(page));
  // 8.2 points are more than half of 14.7, and fewer than training on brings.
  ASSERT_EQ(page.verdicts.size(), 2U);
  EXPECT_EQ(page.verdicts[0].verdict.outcome, Outcome::contradicted);
  EXPECT_NEAR(page.verdicts[0].verdict.difference.mean, 8.2, 1e-6);
  EXPECT_THAT(page.verdicts[0].question, HasSubstr("less than half of the published 14.7 points"));
  EXPECT_EQ(page.verdicts[1].verdict.outcome, Outcome::supported);
  EXPECT_NEAR(page.verdicts[1].verdict.difference.mean, -1.7, 1e-6);
  // After tuning stands beside after tuning, and what was not run says so.
  const auto& outcomes = page.tables.front();
  EXPECT_EQ(std::get<double>(outcomes.rows[0].cells[2]), .587);
  EXPECT_EQ(std::get<std::string>(outcomes.rows[1].cells[0]), "vgg16 (not run)");
  // Curves leave out the phase that others went past.
  EXPECT_EQ(page.curves.front().epoch.size(),
            2 * phase_result(0.5, 0.9, "adaptive").at("history").size());
  // A run takes what its phases took, whoever finished the cell.
  EXPECT_EQ(std::get<double>(outcomes.rows[0].cells.back()), 3 * 4.0);
  const auto& phases = page.tables.back();
  ASSERT_EQ(phases.id, "phases");
  ASSERT_EQ(phases.rows.size(), 6U);
  EXPECT_EQ(std::get<double>(phases.rows[0].cells[4]), .44);
  EXPECT_NEAR(std::get<Estimate>(phases.rows[0].cells[3]).mean, .502, 1e-9);
  EXPECT_EQ(std::get<double>(phases.rows[5].cells[4]), .677);
}

TEST(TrialsPage, PruningSaysWhatBothArmsLost) {
  MadeUp made;
  made.reproduction.trials.name = "train-from-prune";
  made.reproduction.seeds = 5;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const double jitter = 1e-4 * static_cast<double>(seed);
    made.add("pruned", seed,
             {{"phases",
               {phase_result(0.98, 0, "dense"), phase_result(0.979 + jitter, 0.9, "at rank 20")}}});
    made.add("from-scratch", seed,
             {{"phases", json::array({phase_result(0.96, 0.9, "at rank 20")})}});
  }
  const auto both = page_of(made);
  ASSERT_EQ(both.verdicts.size(), 2U);
  EXPECT_EQ(both.verdicts[0].verdict.outcome, Outcome::supported);
  EXPECT_EQ(both.verdicts[1].verdict.outcome, Outcome::supported);
  made.results.cells["from-scratch-s2"] = diverged();
  const auto lost = page_of(made);
  EXPECT_EQ(lost.verdicts[0].verdict.outcome, Outcome::supported);
  EXPECT_EQ(lost.verdicts[1].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(lost.verdicts[1].verdict.reason, HasSubstr("from-scratch from seed 2 diverged"));
}

TEST(TrialsPage, AnErrorIsReachedWithinAMargin) {
  MadeUp made;
  made.reproduction.trials.name = "novikov-mnist";
  made.reproduction.seeds = 5;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    made.add("r8", seed, result_of(0.983 + 1e-6 * static_cast<double>(seed), 0.9));
    made.add("r6", seed, result_of(0.978 + 1e-6 * static_cast<double>(seed), 0.9));
  }
  made.reproduction.published = {{"r8", .984}, {"r6", .981}};
  const auto page = page_of(made);
  ASSERT_EQ(page.verdicts.size(), 2U);
  EXPECT_EQ(page.verdicts[0].verdict.outcome, Outcome::supported);
  EXPECT_THAT(page.verdicts[0].question, HasSubstr("1.6 % of images printed, to within 0.2"));
  EXPECT_EQ(page.verdicts[1].verdict.outcome, Outcome::contradicted);
}

TEST(TrialsPage, TellsOfFinishedArmsThatWereNotAskedFor) {
  MadeUp made;
  made.reproduction.trials.name = "novikov-mnist";
  made.add("r8", 1, result_of(0.983, 0.9));
  made.add("r6", 1, result_of(0.978, 0.9));
  made.reproduction.trials.trials.push_back({.arm = "r4", .seed = 1});
  for (auto& trial : made.reproduction.trials.trials) trial.asked = trial.arm == "r8";
  const auto page = page_of(made);
  const auto& rows = page.tables.front().rows;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(std::get<std::string>(rows[1].cells[0]), "r6");
  EXPECT_EQ(std::get<std::string>(rows[2].cells[0]), "r4 (not run)");
}

TEST(TrialsPage, TellsHowStatesAreSweptInATableAndNotAmongTheFacts) {
  const auto made = study::reproductions::mps_mnist({.extent = Extent::smoke});
  const auto page = trials_page(made, {}, "ranklens");
  for (const auto& [name, value] : page.facts)
    EXPECT_EQ(value.find('{'), std::string::npos) << name;
  const auto& table = page.tables.back();
  ASSERT_EQ(table.id, "sweeps");
  bool found = false;
  for (const auto& row : table.rows) {
    ASSERT_EQ(row.cells.size(), table.columns.size());
    if (std::get<std::string>(row.cells[0]) != "sweeps-d10") continue;
    for (std::size_t k = 0; k < row.cells.size(); ++k) {
      if (table.columns[k].title != "map") continue;
      EXPECT_EQ(std::get<std::string>(row.cells[k]), "1, x/4");
      found = true;
    }
  }
  EXPECT_TRUE(found);
}

TEST(TrialValues, AreOfTheRightPhaseAndEpoch) {
  json two = {{"phases", json::array({phase_result(0.5, 0, "dense")})}};
  auto second = phase_result(0.7, 0.5, "cut");
  second["before"] = {{"accuracy", 0.3}, {"loss", 2.0}};
  two["phases"].push_back(second);
  EXPECT_EQ(test_accuracy()(two), 0.7);
  EXPECT_EQ(test_accuracy("dense")(two), 0.5);
  EXPECT_EQ(test_accuracy("none")(two), std::nullopt);
  EXPECT_EQ(test_accuracy_before("cut")(two), 0.3);
  EXPECT_EQ(test_accuracy_before("dense")(two), std::nullopt);
  EXPECT_EQ(test_accuracy_after(2)(two), 0.2);
  EXPECT_EQ(test_accuracy_after(3)(two), std::nullopt);
  EXPECT_EQ(saved_share()(two), 0.5);
}

}  // namespace
}  // namespace ranklens::report
