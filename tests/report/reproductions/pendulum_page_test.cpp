#include "ranklens/report/reproductions/pendulum_page.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace ranklens::report {
namespace {

using SwingOptions = study::pendulum::Options;
using ::testing::HasSubstr;

SwingOptions short_swing() {
  return {.points = 12,
          .frames = 31,
          .seeds = {1, 2},
          .refinements = {1, 2},
          .spreads = {0.02, 0.2},
          .film_side = 8,
          .film_frames = 12,
          .film_window = 8,
          .film_ranks = {2}};
}

study::ExperimentResults all_cells(const study::Experiment& experiment) {
  study::ExperimentResults results;
  for (const auto& cell : experiment.cells) {
    results.cells[cell] = experiment.make({.cell = cell, .folder = "", .progress = {}});
  }
  results.complete = true;
  return results;
}

std::size_t times_in(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(PendulumPage, ShowsTheAngleOfEveryIntegratorBesideTheFlows) {
  const auto options = short_swing();
  const auto results = all_cells(study::pendulum::experiment(options));
  const auto data = pendulum_page(options, results, "ranklens reproduce pendulum");
  const auto lag = std::find_if(data.charts.begin(), data.charts.end(),
                                [](const Chart& one) { return one.id == "lag"; });
  ASSERT_NE(lag, data.charts.end());
  std::multiset<std::string> arms;
  for (const auto& line : lag->lines) {
    arms.insert(line.arm);
    EXPECT_EQ(line.x.size(), 31U);
    EXPECT_EQ(line.y.size(), 31U);
  }
  EXPECT_THAT(arms, ::testing::UnorderedElementsAre("flow", "flow", "bug", "augmented", "parallel",
                                                    "splitting", "naive"));
  EXPECT_EQ(data.figures.size(), 2U);
  EXPECT_FALSE(page(data).empty());
}

TEST(PendulumPage, DrawsTenFramesFromTheFirstToTheLast) {
  const auto options = short_swing();
  const auto experiment = study::pendulum::experiment(options);
  const auto frames = experiment.make({.cell = "frames", .folder = "", .progress = {}});
  const auto svg = pendulum_frames(frames, options.step);
  EXPECT_EQ(times_in(svg, "<use "), 10U);
  EXPECT_EQ(times_in(svg, "<line "), 20U);
  EXPECT_EQ(times_in(svg, "<circle cx"), 12U);  // the points, drawn once
  EXPECT_THAT(svg, HasSubstr(">0.00 s<"));
  EXPECT_THAT(svg, HasSubstr(">0.30 s<"));
  EXPECT_THAT(svg, HasSubstr("rotate(-0.000)"));
}

}  // namespace
}  // namespace ranklens::report
