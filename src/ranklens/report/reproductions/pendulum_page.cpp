#include "ranklens/report/reproductions/pendulum_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/study/pendulum/angles.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::ExperimentResults;
using Numbers = std::vector<double>;

/// Names of lines in the cells, ids of arms, labels.
struct Line {
  const char *name, *id, *label;
};
constexpr std::array kFollowers{Line{"BUG", "bug", "BUG"},
                                Line{"augmented BUG", "augmented", "augmented BUG"},
                                Line{"parallel BUG", "parallel", "parallel BUG"},
                                Line{"projector splitting", "splitting", "projector splitting"},
                                Line{"naive Euler", "naive", "naive Euler"}};
constexpr Line kFlow{"flow", "flow", "exact flow"}, kClosed{"closed", "closed", "√(1 + φ²)"};

ChartLine line(const Line& of, std::uint64_t seed, Numbers x, Numbers y) {
  return {.arm = of.id, .seed = seed, .x = std::move(x), .y = std::move(y)};
}

Numbers logarithms(Numbers values) {
  for (auto& value : values) value = std::log10(value);
  return values;
}

Chart error_chart(const study::pendulum::Options& options, const ExperimentResults& results) {
  Chart chart{.id = "errors",
              .title = "Error of the followed line over that of the best one",
              .note = "1 is a principal component analysis of each frame",
              .x_title = "time (s)",
              .y_title = "error / best error"};
  for (const auto& [seed, cell] : cells_of(results, "errors", options.seeds)) {
    Numbers time;
    for (std::size_t k = 0; k < cell.at("phi").size(); ++k) {
      time.push_back(static_cast<double>(k) * options.step);
    }
    for (const auto& one : kFollowers) {
      chart.lines.push_back(line(one, seed, time, cell.at("lines").at(one.name).get<Numbers>()));
    }
    chart.lines.push_back(line(kFlow, seed, time, cell.at("flow").get<Numbers>()));
    chart.lines.push_back(line(kClosed, seed, time, cell.at("closed").get<Numbers>()));
  }
  return chart;
}

Chart convergence_chart(const study::pendulum::Options& options, const ExperimentResults& results) {
  Chart chart{.id = "convergence",
              .title = "What shorter steps change",
              .note =
                  "distance of the last error from that of the exact flow: all methods tend to it "
                  "at first order",
              .x_title = "log10 of the step (s)",
              .y_title = "log10 of |error − flow's| / best error"};
  for (const auto& [seed, cell] : cells_of(results, "convergence", options.seeds)) {
    const auto steps = logarithms(cell.at("steps").get<Numbers>());
    for (const auto& one : kFollowers) {
      chart.lines.push_back(
          line(one, seed, steps, logarithms(cell.at("lines").at(one.name).get<Numbers>())));
    }
  }
  return chart;
}

/// A line and the list of the cell's result that it draws.
struct Drawn {
  Line of;
  const char* list;
};

/// Lists of one kind of cell over another list of it.
Chart lists_chart(Chart chart, const SeedCells& cells, const char* x,
                  const std::vector<Drawn>& lines) {
  for (const auto& [seed, cell] : cells) {
    for (const auto& one : lines) {
      chart.lines.push_back(
          line(one.of, seed, cell.at(x).get<Numbers>(), cell.at(one.list).get<Numbers>()));
    }
  }
  return chart;
}

Chart noise_chart(const study::pendulum::Options& options, const ExperimentResults& results) {
  return lists_chart({.id = "noise",
                      .title = "How thick the cloud may be",
                      .note = "largest error over the swing; Koch and Lubich's bounds hold up to "
                              "s2 = s1 / 16 = 0.0625 s1",
                      .x_title = "s2 / s1",
                      .y_title = "largest error / best error"},
                     cells_of(results, "noise", options.seeds), "ratios",
                     {{kFollowers[1], "worst"}, {kFlow, "flow"}, {kClosed, "closed"}});
}

/// The cell "frames" holds the first cloud, which all integrators follow again.
Chart lag_chart(const study::pendulum::Options& options, const ExperimentResults& results) {
  auto chart = lists_chart({.id = "lag",
                            .title = "How far the followed direction is from the best one",
                            .note = "against what the cloud has turned by: the exact flow's for "
                                    "every cloud, the integrators' for the first",
                            .x_title = "φ (rad)",
                            .y_title = "angle (rad)"},
                           cells_of(results, "errors", options.seeds), "phi", {{kFlow, "lag"}});
  const auto frames = results.cells.find("frames");
  if (frames == results.cells.end()) return chart;
  Numbers phi;
  for (const auto& frame : frames->second.at("frames")) phi.push_back(frame.at("phi"));
  const auto angles = study::pendulum::followed_angles(frames->second);
  for (const auto& one : kFollowers) {
    chart.lines.push_back(line(one, options.seeds.front(), phi, angles.at(one.name)));
  }
  return chart;
}

Table tolerance_table(const study::pendulum::Options& options, const ExperimentResults& results) {
  Table table{.id = "tolerance",
              .title = "The rank that a tolerance keeps (augmented BUG)",
              .note = "one value below s2 keeps both directions, any above it one"};
  table.columns = {{.title = "seed", .format = Format::Integer},
                   {.title = "tolerance / s2", .format = Format::Number},
                   {.title = "rank", .format = Format::Integer},
                   {.title = "error / best rank-1 error", .format = Format::Number}};
  for (const auto& [seed, cell] : cells_of(results, "tolerance", options.seeds)) {
    for (const auto& row : cell) {
      table.rows.push_back(
          {.cells = {static_cast<std::int64_t>(seed), row.at("tolerance").get<double>(),
                     row.at("rank").get<std::int64_t>(), row.at("error").get<double>()}});
    }
  }
  return table;
}

double mean_of(const json& list) {
  const auto values = list.get<Numbers>();
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

Table film_table(const study::pendulum::Options& options, const ExperimentResults& results) {
  Table table{
      .id = "film",
      .title = "A film of a pendulum, the last frames followed as they come in",
      .note = fmt::format("{0}x{0} pixels, a window of {1} frames; a step replaces one frame. "
                          "Errors relative to the window's norm, means over all frames",
                          options.film_side, options.film_window)};
  table.columns = {{.title = "rank", .format = Format::Integer},
                   {.title = "error, followed", .format = Format::Number},
                   {.title = "error, best", .format = Format::Number},
                   {.title = "a step", .unit = "ms", .format = Format::Number},
                   {.title = "an SVD of the window", .unit = "ms", .format = Format::Number},
                   {.title = "SVD over step", .format = Format::Times, .better = Better::Higher}};
  for (const auto rank : options.film_ranks) {
    const auto found = results.cells.find(fmt::format("film-r{}", rank));
    if (found == results.cells.end()) continue;
    const auto& cell = found->second;
    const double steps = cell.at("steps").get<double>();
    const double followed = cell.at("seconds followed").get<double>() / steps,
                 decomposed = cell.at("seconds decomposed").get<double>() / steps;
    table.rows.push_back({.cells = {rank, mean_of(cell.at("errors")), mean_of(cell.at("best")),
                                    1e3 * followed, 1e3 * decomposed, decomposed / followed}});
  }
  return table;
}

double largest(const json& list) {
  const auto values = list.get<Numbers>();
  return *std::max_element(values.begin(), values.end());
}

std::vector<Verdict> verdicts(const study::pendulum::Options& options,
                              const ExperimentResults& results) {
  const auto cells = cells_of(results, "errors", options.seeds);
  const auto followed =
      values_of(cells, [](const json& cell) { return largest(cell.at("lines").at("BUG")); });
  const auto flow = values_of(cells, [](const json& cell) { return largest(cell.at("flow")); });
  const std::string measure = "largest error over the swing, in best errors";
  return {judged({.claim = {.text = "Dynamical principal components of rank one drift from those "
                                    "of each frame, although the cloud only turns",
                            .unit = "best errors",
                            .threshold = 0.05},
                  .first = "the followed line",
                  .second = "the best line",
                  .measure = measure},
                 followed, constant(followed, 1)),
          judged({.claim = {.text = "The drift is that of the exact flow, not an error of the "
                                    "integrator",
                            .unit = "best errors",
                            .relation = study::Relation::within,
                            .threshold = 0.02},
                  .first = "the followed line",
                  .second = "the exact flow's",
                  .measure = measure},
                 followed, flow)};
}

}  // namespace

ReportData pendulum_page(const study::pendulum::Options& options, const ExperimentResults& results,
                         const std::string& command) {
  ReportData data{.title = "Dynamical principal components of a pendulum",
                  .lead =
                      "A cloud of points swings on rods of different lengths. Its best line is "
                      "found anew in every frame, or followed from the increments alone by "
                      "integrators of dynamical low-rank approximation (Koch and Lubich 2007).",
                  .command = command};
  data.facts = {{"points", std::to_string(options.points)},
                {"frames", fmt::format("{} of {} s", options.frames, options.step)},
                {"spread of the angles", fmt::format("{} rad", options.spread)},
                {"clouds", std::to_string(options.seeds.size())}};
  data.notes = {
      "Increments are of centred points. With those of the points as they are, as in the "
      "published notebook, the motion of the mean is counted twice.",
      "The cloud turns as a whole, so its singular values never change and the best rank-one "
      "error is s2 in every frame. The exact flow of rank one still drifts, by √(1 + φ²) for "
      "a thin cloud, and comes back when the cloud does; followed with rank two the error is "
      "that of rounding."};
  data.verdicts = verdicts(options, results);
  for (const auto& one : kFollowers) data.arms.push_back({.id = one.id, .label = one.label});
  data.arms.push_back({.id = kFlow.id, .label = kFlow.label, .reference = true});
  data.arms.push_back({.id = kClosed.id, .label = kClosed.label});
  data.chart_title = "What is followed, and how well";
  data.chart_note =
      "Each line is a mean over the clouds, in a band from the lowest to the highest.";
  data.charts = {error_chart(options, results), convergence_chart(options, results),
                 noise_chart(options, results), lag_chart(options, results)};
  if (const auto frames = results.cells.find("frames"); frames != results.cells.end()) {
    data.figures = {{.title = "The swinging cloud",
                     .note = "its best line of each frame and the one that is followed",
                     .svg = pendulum_animation(frames->second)},
                    {.title = "Ten frames of it",
                     .note = "the two lines lie on each other at the start and whenever the cloud "
                             "is back there",
                     .svg = pendulum_frames(frames->second, options.step)}};
  }
  data.tables = {tolerance_table(options, results), film_table(options, results)};
  add_run(results, data);
  return data;
}

}  // namespace ranklens::report
