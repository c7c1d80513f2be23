#include "ranklens/report/reproductions/timings_page.h"

#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "ranklens/report/reproductions/experiment_parts.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::ExperimentResults;
using study::timings::Options;

/// Dense seconds over low-rank ones, by rank, where they were measured.
struct Ratios {
  std::vector<double> ranks, values;
};

Ratios ratios_of(const Options& options, const ExperimentResults& results,
                 const std::function<json(const json&)>& take) {
  Ratios found;
  for (const auto rank : options.ranks) {
    const auto cell = results.cells.find(fmt::format("r{}", rank));
    if (cell == results.cells.end()) continue;
    const auto seconds = take(cell->second);
    if (seconds.is_null()) continue;
    found.ranks.push_back(static_cast<double>(rank));
    found.values.push_back(seconds.at("dense").get<double>() / seconds.at("seconds").get<double>());
  }
  return found;
}

std::function<json(const json&)> training(const std::string& id) {
  return [id](const json& cell) { return cell.at("train").value(id, json()); };
}

json prediction(const json& cell) { return cell.value("predict", json()); }

/// The published break-even ranks, interpolated between the authors' rows; NaN where none is.
double published(const std::string& id) {
  if (id == "predict") return 2190;
  return id == "fixed-bug" ? 131 : std::nan("");
}

Table summary_table(const Options& options, const ExperimentResults& results) {
  Table table{.id = "break-even",
              .title = "Up to which rank it is faster than the dense network",
              .note =
                  "the rank at which dense and low-rank seconds are the same, between measured "
                  "ranks by logarithms"};
  table.columns = {{.title = "what"},
                   {.title = "break-even rank",
                    .format = Format::Number,
                    .better = Better::Higher,
                    .decimals = 0},
                   {.title = "published", .format = Format::Number, .decimals = 0}};
  const auto add = [&](const std::string& what, const std::string& id, const Ratios& ratios) {
    if (ratios.ranks.empty()) return;
    const double printed = published(id);
    table.rows.push_back({{what, study::timings::break_even(ratios.ranks, ratios.values),
                           std::isnan(printed) ? Cell() : Cell(printed)}});
  };
  for (const auto& method : study::timings::methods()) {
    add("a step of training: " + method.name, method.id,
        ratios_of(options, results, training(method.id)));
  }
  add("a prediction", "predict", ratios_of(options, results, prediction));
  return table;
}

Table seconds_table(const Options& options, const ExperimentResults& results) {
  Table table{.id = "seconds",
              .title = "Seconds of a step, and times faster than the dense network beside it"};
  table.columns = {{.title = "rank", .format = Format::Integer},
                   {.title = "what"},
                   {.title = "seconds", .format = Format::Number, .better = Better::Lower},
                   {.title = "dense", .unit = "s", .format = Format::Number},
                   {.title = "dense over it", .format = Format::Times, .better = Better::Higher}};
  for (const auto rank : options.ranks) {
    const auto found = results.cells.find(fmt::format("r{}", rank));
    if (found == results.cells.end()) continue;
    const auto add = [&](const std::string& what, const json& seconds) {
      if (seconds.is_null()) return;
      const double one = seconds.at("seconds").get<double>(),
                   dense = seconds.at("dense").get<double>();
      table.rows.push_back({{rank, what, one, dense, dense / one}});
    };
    for (const auto& method : study::timings::methods()) {
      add(method.name, training(method.id)(found->second));
    }
    add("prediction", prediction(found->second));
  }
  return table;
}

Chart ratio_chart(const Options& options, const ExperimentResults& results) {
  Chart chart{.id = "ratios",
              .title = "How many times as fast as the dense network",
              .note = "both logarithms to the base 2: at 0 the two are the same",
              .x_title = "log2 of the rank",
              .y_title = "log2 of (dense seconds / seconds)"};
  const auto add = [&](const std::string& id, const Ratios& ratios) {
    ChartLine line{.arm = id};
    for (std::size_t k = 0; k < ratios.ranks.size(); ++k) {
      line.x.push_back(std::log2(ratios.ranks[k]));
      line.y.push_back(std::log2(ratios.values[k]));
    }
    if (!line.x.empty()) chart.lines.push_back(std::move(line));
  };
  for (const auto& method : study::timings::methods()) {
    add(method.id, ratios_of(options, results, training(method.id)));
  }
  add("predict", ratios_of(options, results, prediction));
  return chart;
}

}  // namespace

ReportData timings_page(const Options& options, const ExperimentResults& results,
                        const std::string& command) {
  ReportData data{
      .title = "What a step costs at fixed ranks",
      .lead = fmt::format("{} layers of width {}, batches of {}: steps of training and "
                          "predictions in factors, beside the dense network under Adam.",
                          options.layers, options.width, options.batch),
      .command = command};
  data.notes = {
      "A step of the dense network is timed between any two of a method, in the same process: "
      "ratios count, seconds are this machine's. Medians of the repeats.",
      "Adaptive methods run with the smallest and largest rank alike, so that they pay for "
      "augmentation and truncation but keep the rank."};
  data.facts = {{"repeats", std::to_string(options.repeats)},
                {"ranks", fmt::format("{} of {}", results.cells.size(), options.ranks.size())}};
  for (const auto& method : study::timings::methods()) {
    data.arms.push_back({.id = method.id, .label = method.name});
  }
  data.arms.push_back({.id = "predict", .label = "prediction"});
  data.chart_title = "Ranks and time";
  data.charts = {ratio_chart(options, results)};
  data.tables = {summary_table(options, results), seconds_table(options, results)};
  if (!results.cells.empty()) {
    data.provenance = {{"threads", results.cells.begin()->second.at("threads").dump()}};
  }
  add_run(results, data);
  return data;
}

}  // namespace ranklens::report
