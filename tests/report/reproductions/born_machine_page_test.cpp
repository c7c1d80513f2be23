#include "ranklens/report/reproductions/born_machine_page.h"

#include <algorithm>

#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/page_parts.h"
#include "ranklens/report/reproductions/born_machine_claims.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::Outcome;
using BornOptions = study::born_machine::Options;
using ::testing::HasSubstr;
using Numbers = std::vector<double>;

/// A cell of pictures of 2 x 2 pixels.
json born_cell(const Numbers& nll, const Numbers& seconds, std::size_t passes, bool flat) {
  return {{"nll", nll},          {"seconds", seconds},
          {"passes", passes},    {"flat", flat},
          {"diverged", false},   {"held out", nll.empty() ? 0.0 : nll.back() + 1},
          {"side", 2},           {"samples", {"a", "5"}},
          {"given", {"f", "0"}}, {"completed", {"c", "3"}}};
}

/// Images as many as the published ones, without pixels to speak of.
BornOptions published_options() {
  BornOptions options;
  options.images.images = at::zeros({7200, 1, 2, 2}, at::kByte);
  options.images.labels = at::zeros({7200}, at::kLong);
  return options;
}

/// Turning takes 10 s and ends near 40; Adam of 3e-4 comes to 62 in 10 s and ends at 63.
study::ExperimentResults made_up_runs() {
  study::ExperimentResults results;
  for (int seed = 1; seed <= 3; ++seed) {
    const double noise = 0.1 * seed;
    const auto put = [&](const char* method, const json& cell) {
      results.cells[fmt::format("{}-s{}", method, seed)] = cell;
    };
    put("tsgo-5", born_cell({70, 42 + noise}, {5, 5}, 0, false));
    put("tsgo-10", born_cell({60, 40 + noise}, {5, 5}, 0, false));
    put("adam-1e-4", born_cell({200, 150, 120}, {8, 8, 8}, 3, false));
    put("adam-3e-4", born_cell({90, 62 - noise, 63}, {4, 4, 4}, 3, true));
    put("adam-1e-3", born_cell({95, 94, 93}, {4, 4, 4}, 3, true));
    put("switched", born_cell({90, 65, 64.9, 50, 41 + noise}, {4, 4, 4, 5, 5}, 3, true));
  }
  return results;
}

std::vector<Outcome> outcomes_of(const std::vector<Verdict>& verdicts) {
  std::vector<Outcome> found;
  for (const auto& one : verdicts) found.push_back(one.verdict.outcome);
  return found;
}

TEST(BornMachinePage, JudgesInEqualSecondsAtThePlateauAndAcrossTheSwitch) {
  const auto verdicts = born_machine_verdicts(published_options(), made_up_runs());
  ASSERT_EQ(verdicts.size(), 4U);
  // In 10 s the best of Adam's rates had come to its third pass: the lowest so far is 62 - noise.
  EXPECT_NEAR(verdicts[0].verdict.difference.mean, 40.2 - 61.8, 1e-9);
  EXPECT_NEAR(verdicts[1].verdict.difference.mean, 40.2 - 61.8, 1e-9);
  EXPECT_NEAR(verdicts[2].verdict.difference.mean, 0.2, 1e-9);
  EXPECT_NEAR(verdicts[3].verdict.difference.mean, 41.2 - 64.9, 1e-9);
  EXPECT_THAT(outcomes_of(verdicts),
              ::testing::ElementsAre(Outcome::supported, Outcome::supported, Outcome::supported,
                                     Outcome::supported));
}

TEST(BornMachinePage, ARunThatWasStoppedWhileItFellLeavesItsPlateauOpen) {
  auto results = made_up_runs();
  results.cells["adam-3e-4-s2"]["flat"] = false;
  results.cells["switched-s3"]["flat"] = false;
  const auto verdicts = born_machine_verdicts(published_options(), results);
  EXPECT_EQ(verdicts[0].verdict.outcome, Outcome::supported);  // it had its 10 s
  EXPECT_EQ(verdicts[1].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(verdicts[1].verdict.reason, HasSubstr("seed 2 was still falling after 3 passes"));
  EXPECT_EQ(verdicts[3].verdict.outcome, Outcome::undecided);
  // Stopped before the seconds of turning were over.
  results.cells["adam-1e-4-s1"]["seconds"] = Numbers{3, 3, 3};
  const auto early = born_machine_verdicts(published_options(), results);
  EXPECT_EQ(early[0].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(early[0].verdict.reason, HasSubstr("Adam, 1e-4 from seed 1 was still falling"));
}

// What Adam had come to before it diverged is what it came to in those seconds.
TEST(BornMachinePage, AdamThatDivergedCountsByItsLowest) {
  auto results = made_up_runs();
  for (int seed = 1; seed <= 3; ++seed) {
    auto& cell = results.cells[fmt::format("adam-1e-3-s{}", seed)];
    cell = born_cell({70, 50}, {4, 4}, 2, false);
    cell["diverged"] = true;
  }
  const auto verdict = born_machine_verdicts(published_options(), results)[0].verdict;
  EXPECT_NEAR(verdict.difference.mean, 40.2 - 50, 1e-9);
  EXPECT_EQ(verdict.outcome, Outcome::contradicted);
}

TEST(BornMachinePage, TurningThatDivergedLeavesItsClaimsOpen) {
  auto results = made_up_runs();
  results.cells["tsgo-10-s2"]["diverged"] = true;
  results.cells["switched-s3"] = born_cell({90, 65, 64.9, 64}, {4, 4, 4, 5}, 3, true);
  results.cells["switched-s3"]["diverged"] = true;
  const auto verdicts = born_machine_verdicts(published_options(), results);
  for (const std::size_t k : {0, 1, 2}) {
    EXPECT_EQ(verdicts[k].verdict.outcome, Outcome::undecided) << k;
    EXPECT_THAT(verdicts[k].verdict.reason, HasSubstr("degrees from seed 2 diverged")) << k;
  }
  EXPECT_EQ(verdicts[3].verdict.outcome, Outcome::undecided);
  EXPECT_THAT(verdicts[3].verdict.reason, HasSubstr("after Adam from seed 3 diverged"));
  // At its first step, too.
  results = made_up_runs();
  results.cells["tsgo-10-s2"] = born_cell({}, {}, 0, false);
  results.cells["tsgo-10-s2"]["diverged"] = true;
  for (const std::size_t k : {0, 1, 2}) {
    const auto again = born_machine_verdicts(published_options(), results);
    EXPECT_THAT(again[k].verdict.reason, HasSubstr("seed 2 diverged")) << k;
  }
}

TEST(BornMachinePage, AReducedRunGivesNoAnswer) {
  auto options = published_options();
  options.bond = 16;
  for (const auto& one : born_machine_verdicts(options, made_up_runs())) {
    EXPECT_EQ(one.verdict.outcome, Outcome::undecided);
    EXPECT_EQ(one.verdict.tendency, Outcome::supported);
    EXPECT_THAT(one.verdict.reason, HasSubstr("a reduced run"));
  }
}

TEST(BornMachinePage, SaysBudgetsAndHowRunsEnded) {
  auto results = made_up_runs();
  results.cells["adam-1e-3-s2"]["diverged"] = true;
  results.cells["adam-1e-3-s3"] = born_cell({}, {}, 0, false);
  const auto data = born_machine_page(published_options(), results, "ranklens reproduce");
  bool sweeps = false, passes = false;
  for (const auto& [key, value] : data.facts) {
    sweeps = sweeps || value == "10 sweeps";
    passes = passes || value == "100 passes at most, batches of 100";
  }
  EXPECT_TRUE(sweeps && passes);
  const auto table = to_csv(data.tables.at(0));
  EXPECT_THAT(table, HasSubstr("3 of 3 stood still"));
  EXPECT_THAT(table, HasSubstr("0 of 3 stood still"));
  EXPECT_THAT(table, HasSubstr("2 of 2 stood still, 1 diverged"));
  EXPECT_EQ(data.charts.at(1).lines.front().x.back(), 10);
  EXPECT_FALSE(page(data).empty());
}

}  // namespace
}  // namespace ranklens::report
