#include "ranklens/report/reproductions/timings_page.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/reproductions/timings_claims.h"
#include "ranklens/report/reproductions/timings_printed.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::Outcome;
using TimingOptions = study::timings::Options;
using ::testing::HasSubstr;

/// Times of a form that is `speedup` times as fast as the dense network, a little more so in later
/// repeats.
json times_of(double speedup, int repeats = 5) {
  json seconds = json::array(), dense = json::array();
  for (int k = 0; k < repeats; ++k) {
    seconds.push_back(2.0 / (speedup * (1 + 0.001 * k)));
    dense.push_back(2.0);
  }
  return {{"seconds", seconds}, {"dense", dense}};
}

constexpr double kDenseDescent = 1.1;

/// Predictions break even at 2,500, steps of all methods at 500, but for U V^T, which is 1.5 times
/// as fast as they, and for dense ones by plain descent.
study::ExperimentResults made_up_times(const TimingOptions& options) {
  study::ExperimentResults results;
  for (const auto rank : options.ranks) {
    const auto r = static_cast<double>(rank);
    json train = json::object();
    for (const auto& method : study::timings::methods()) {
      train[method.id] =
          times_of(method.dense ? kDenseDescent : (method.id == "uv" ? 750 : 500) / r);
      train[method.id]["bytes"] = 1000000 * rank;
      train[method.id]["factorising"] = method.id == "uv" ? 0 : 0.25;
    }
    results.cells[fmt::format("r{}", rank)] = {{"rank", rank},
                                               {"threads", 1},
                                               {"dense bytes", 2000000000},
                                               {"train", train},
                                               {"predict", times_of(2500 / r)}};
  }
  return results;
}

std::vector<Outcome> outcomes_of_timings(const TimingOptions& options,
                                         const study::ExperimentResults& results) {
  std::vector<Outcome> found;
  for (const auto& one : timings_verdicts(options, results)) found.push_back(one.verdict.outcome);
  return found;
}

TEST(TimingsPage, JudgesBreakEvenRanksAndRatiosOverRepeats) {
  const TimingOptions options;
  auto results = made_up_times(options);
  const auto verdicts = timings_verdicts(options, results);
  ASSERT_EQ(verdicts.size(), 7U);
  EXPECT_NEAR(verdicts[0].verdict.difference.mean, 500 * 1.002 - 393, 0.1);
  EXPECT_EQ(verdicts[0].verdict.difference.count, 5);
  EXPECT_NEAR(verdicts[1].verdict.difference.mean, 500 / kDenseDescent - 393, 0.1);
  EXPECT_NEAR(verdicts[2].verdict.difference.mean, 2500 * 1.002 - 2300, 0.1);
  EXPECT_NEAR(verdicts[3].verdict.difference.mean, 2500.0 / 640 * 1.002 - 1, 1e-3);
  EXPECT_NEAR(verdicts[4].verdict.difference.mean, 32.0 / 500 / 1.002 - 0.25, 1e-3);
  EXPECT_NEAR(verdicts[5].verdict.difference.mean, 1.5 - 1.6, 1e-9);
  EXPECT_NEAR(verdicts[6].verdict.difference.mean, 1.5 - 2, 1e-9);
  EXPECT_THAT(outcomes_of_timings(options, results), ::testing::Each(Outcome::supported));
  // One slow integrator, one slow rank of predictions.
  for (auto& seconds : results.cells["r32"]["train"]["psi"]["seconds"]) {
    seconds = 0.6 + 0.01 * seconds.get<double>();
  }
  for (auto& seconds : results.cells["r5"]["predict"]["seconds"]) {
    seconds = 2.1 + 0.01 * seconds.get<double>();
  }
  EXPECT_THAT(outcomes_of_timings(options, results),
              ::testing::ElementsAre(Outcome::supported, Outcome::supported, Outcome::contradicted,
                                     Outcome::contradicted, Outcome::contradicted,
                                     Outcome::supported, Outcome::supported));
}

TEST(TimingsPage, ARepeatThatMissesWhereItWouldDecideSaysNothing) {
  const TimingOptions options;
  auto results = made_up_times(options);
  auto& wide = results.cells["r640"]["train"]["fixed-bug"];
  for (const char* list : {"seconds", "dense"}) {
    auto few = wide[list];
    few.erase(few.begin() + 2, few.end());
    wide[list] = few;
  }
  const auto verdict = timings_verdicts(options, results)[0].verdict;
  EXPECT_EQ(verdict.difference.count, 2);
  EXPECT_EQ(verdict.outcome, Outcome::undecided);
}

TEST(TimingsPage, SaysWhereAMethodWasFasterAtEveryRank) {
  TimingOptions options;
  options.ranks = {5, 32, 100};
  const auto results = made_up_times(options);
  const auto data = timings_page(options, results, "ranklens reproduce timings");
  EXPECT_THAT(to_csv(data.tables.at(0)), HasSubstr("≥ 100"));
  for (const auto& one : data.verdicts) {  // fewer ranks than claims are about
    EXPECT_EQ(one.verdict.outcome, Outcome::undecided);
    EXPECT_THAT(one.verdict.reason, HasSubstr("a reduced run"));
  }
  const auto costs = std::find_if(data.tables.begin(), data.tables.end(),
                                  [](const Table& one) { return one.id == "costs"; });
  ASSERT_NE(costs, data.tables.end());
  EXPECT_EQ(costs->rows.size(), 3 * study::timings::methods().size());
  EXPECT_EQ(std::get<double>(costs->rows.front().cells[2]), 5);
  EXPECT_EQ(std::get<double>(costs->rows.front().cells[3]), 0.0025);
  EXPECT_FALSE(page(data).empty());
}

// Between the printed rows stand the printed break-even ranks; their numbers stand beside ours.
TEST(TimingsPage, TellsWhatWasPrinted) {
  std::vector<double> ranks, steps, predictions;
  for (const auto& one : printed_speedups()) {
    ranks.push_back(static_cast<double>(one.rank));
    steps.push_back(one.step);
    predictions.push_back(one.prediction);
  }
  EXPECT_NEAR(study::timings::break_even(ranks, steps).rank, kPrintedBreakEvenStep, 1);
  EXPECT_NEAR(study::timings::break_even(ranks, predictions).rank, kPrintedBreakEvenPrediction, 20);
  TimingOptions options;
  options.ranks = {5, 32, 100};
  const auto data = timings_page(options, made_up_times(options), "");
  const auto seconds = std::find_if(data.tables.begin(), data.tables.end(),
                                    [](const Table& one) { return one.id == "seconds"; });
  ASSERT_NE(seconds, data.tables.end());
  std::vector<double> printed;
  for (const auto& row : seconds->rows)
    if (const auto* value = std::get_if<double>(&row.cells[5])) printed.push_back(*value);
  EXPECT_THAT(printed, ::testing::ElementsAre(::testing::DoubleNear(0.320 / 0.072, 1e-12),
                                              ::testing::DoubleNear(1.248 / 0.247, 1e-12)));
  // As lines: what was printed up to the largest of our ranks.
  EXPECT_EQ(data.charts.at(0).lines.back().arm, "printed-prediction");
  EXPECT_EQ(data.charts.at(0).lines.back().x.size(), 5U);
}

}  // namespace
}  // namespace ranklens::report
