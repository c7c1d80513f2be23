#include "ranklens/report/reproductions/trials_page.h"

#include <cmath>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/page_parts.h"
#include "ranklens/report/reproductions/trial_values.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::reproductions::Reproduction;

/// A made-up result of one phase.
json result_of(double accuracy, double saved, const std::string& phase = "training") {
  json history = json::array();
  for (int epoch = 1; epoch <= 2; ++epoch) {
    history.push_back({{"epoch", epoch},
                       {"steps", epoch},
                       {"loss", 1.0 / epoch},
                       {"accuracy", 0.5},
                       {"validation_loss", 1.0},
                       {"validation_accuracy", 0.6},
                       {"rate", 1.0},
                       {"seconds", 2.0},
                       {"images_per_second", 10.0},
                       {"observed", {{"test_accuracy", 0.1 * epoch}}}});
  }
  return {{"phases",
           {{{"name", phase},
             {"history", history},
             {"best_epoch", 2},
             {"test", {{"accuracy", accuracy}, {"loss", 0.1}}},
             {"weights", {{"stored", std::lround(1000 * (1 - saved))}, {"dense", 1000}}},
             {"ranks", {{"conv1.weight", 4}, {"head.weight", 7}}},
             {"seconds", 4.0}}}}};
}

/// Three arms with five seeds each; tau-0.1 saves 90 %, tau-0.2 95 %.
struct Made {
  Reproduction reproduction;
  study::ExperimentResults results;
};

Made made_up(double lift) {
  Made made;
  made.reproduction.trials.name = "lenet-dlrt";
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    for (const auto& [arm, saved] : std::vector<std::pair<std::string, double>>{
             {"dense", 0}, {"tau-0.1", 0.90}, {"tau-0.2", 0.95}}) {
      made.reproduction.trials.trials.push_back({.arm = arm, .seed = seed});
      const auto name = fmt::format("{}-s{}", arm, seed);
      made.results.cells[name] = result_of(0.97 + lift + 1e-4 * static_cast<double>(seed), saved);
      made.results.seconds[name] = 3;
    }
  }
  made.reproduction.published = {
      {"tau-0.1", 0.97, 0.88}, {"tau-0.2", 0.97, 0.91}, {"tau-0.3", 0.97, 0.99}};
  return made;
}

TEST(TrialsPage, HoldsRowsAgainstTheRunThatSavesAsMuch) {
  const auto better = made_up(0.01);
  const auto page = trials_page(better.reproduction, better.results, "ranklens reproduce");
  // Nothing saves 99 %: the third row has no run to be held against.
  ASSERT_EQ(page.verdicts.size(), 2U);
  EXPECT_THAT(page.verdicts[0].verdict.reason, ::testing::HasSubstr("tau-0.1 "));
  EXPECT_THAT(page.verdicts[1].verdict.reason, ::testing::HasSubstr("tau-0.2 "));
  EXPECT_EQ(page.verdicts[0].verdict.outcome, study::Outcome::supported);
  EXPECT_NEAR(page.verdicts[0].verdict.difference.mean, 1.03, 1e-9);
  const auto worse = made_up(-0.01);
  for (const auto& verdict : trials_page(worse.reproduction, worse.results, "").verdicts) {
    EXPECT_EQ(verdict.verdict.outcome, study::Outcome::contradicted);
  }
}

TEST(TrialsPage, IsConsistentAndSaysWhatIsThere) {
  auto made = made_up(0.01);
  made.results.cells.erase("tau-0.2-s5");
  made.results.cells["tau-0.1-s3"] = {{"phases", json::array()}, {"diverged", "at step 3"}};
  const auto page = trials_page(made.reproduction, made.results, "");
  EXPECT_NO_THROW(check(page));
  ASSERT_EQ(page.tables.front().rows.size(), 3U);
  const auto& row = page.tables.front().rows[1].cells;
  EXPECT_EQ(std::get<std::string>(row[0]), "tau-0.1");
  EXPECT_EQ(std::get<Estimate>(row[1]).count, 4);
  EXPECT_NEAR(std::get<Estimate>(row[3]).mean, 0.9, 1e-9);
  EXPECT_EQ(std::get<std::string>(row[5]), "conv1 4, head 7");
  // A seed that was lost forbids an answer.
  EXPECT_EQ(page.verdicts[0].verdict.outcome, study::Outcome::undecided);
  EXPECT_THAT(page.verdicts[0].verdict.reason, ::testing::HasSubstr("diverged"));
  EXPECT_EQ(page.curves.size(), 13U);
  EXPECT_EQ(page.curves.front().validation_accuracy, (std::vector<double>{0.1, 0.2}));
  EXPECT_EQ(page.curves.front().seconds, (std::vector<double>{2, 4}));
}

TEST(TrialValues, AreOfTheRightPhaseAndEpoch) {
  json two = result_of(0.5, 0, "dense");
  auto second = result_of(0.7, 0.5, "cut").at("phases")[0];
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
