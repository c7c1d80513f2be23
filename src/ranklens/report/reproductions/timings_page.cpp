#include "ranklens/report/reproductions/timings_page.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/report/reproductions/timings_claims.h"
#include "ranklens/report/reproductions/timings_printed.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::ExperimentResults;
using study::timings::Options;

/// Calls `take` with what was timed: each method's steps, then predictions.
template <class Take>
void each_timed(Take&& take) {
  for (const auto& method : study::timings::methods()) take(method.id, method.name);
  take(std::string("predict"), std::string("prediction"));
}

/// What has no rank to break even at.
bool is_dense(const std::string& id) {
  const auto& all = study::timings::methods();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& method) { return method.dense && method.id == id; });
}

/// What the published steps are of: BUG at a fixed rank.
constexpr const char* kPublishedStep = "fixed-bug";
constexpr const char* kPrintedStep = "printed-step";
constexpr const char* kPrintedPrediction = "printed-prediction";

/// The published break-even ranks; an empty cell where none is.
Cell published(const std::string& id) {
  if (id == "predict") return kPrintedBreakEvenPrediction;
  return id == kPublishedStep ? Cell(kPrintedBreakEvenStep) : Cell();
}

/// Times as fast as the dense network, as published; an empty cell where no number is.
Cell published(const std::string& id, std::int64_t rank) {
  for (const auto& one : printed_speedups()) {
    if (one.rank != rank) continue;
    if (id == "predict") return one.prediction;
    if (id == kPublishedStep) return one.step;
  }
  return {};
}

Table summary_table(const Options& options, const ExperimentResults& results) {
  Table table{.id = "break-even",
              .title = "Up to which rank it is faster than the dense network",
              .note =
                  "the rank at which dense and low-rank seconds are the same, between measured "
                  "ranks by logarithms; ≥ where it was faster at every rank there is"};
  table.columns = {{.title = "what"},
                   {.title = "break-even rank",
                    .format = Format::Number,
                    .better = Better::Higher,
                    .decimals = 0},
                   {.title = "published", .format = Format::Number, .decimals = 0}};
  each_timed([&](const std::string& id, const std::string& name) {
    const auto speedups = speedups_of(options, results, id);
    if (speedups.empty() || is_dense(id)) return;
    const auto found = break_even_of(speedups);
    table.rows.push_back(
        {{id == "predict" ? "a prediction" : "a step of training: " + name,
          found.beyond ? Cell(fmt::format("≥ {:.0f}", found.rank)) : Cell(found.rank),
          published(id)}});
  });
  return table;
}

double middle(const json& values) {
  return study::timings::median(values.get<std::vector<double>>());
}

Table seconds_table(const Options& options, const ExperimentResults& results) {
  Table table{.id = "seconds",
              .title = "Seconds of a step, and times faster than the dense network beside it"};
  table.columns = {{.title = "rank", .format = Format::Integer},
                   {.title = "what"},
                   {.title = "seconds", .format = Format::Number, .better = Better::Lower},
                   {.title = "dense", .unit = "s", .format = Format::Number},
                   {.title = "dense over it", .format = Format::Times, .better = Better::Higher},
                   {.title = "published", .format = Format::Times},
                   {.title = "repeats", .format = Format::Integer}};
  for (const auto rank : options.ranks) {
    const auto found = results.cells.find(fmt::format("r{}", rank));
    if (found == results.cells.end()) continue;
    each_timed([&](const std::string& id, const std::string& name) {
      const auto& cell = found->second;
      const auto& times = id == "predict" ? cell.at("predict") : cell.at("train").value(id, json());
      if (times.is_null()) return;
      const auto& seconds = times.at("seconds");
      table.rows.push_back({{rank, name, middle(seconds), middle(times.at("dense")),
                             study::timings::median(speedups_of(options, results, id).at(rank)),
                             published(id, rank), static_cast<std::int64_t>(seconds.size())}});
    });
  }
  return table;
}

/// What tensors hold in a step, and what of its time goes to factorisations.
Table cost_table(const Options& options, const ExperimentResults& results) {
  Table table{.id = "costs",
              .title = "Memory of a step, and its share of factorisations",
              .note =
                  "the most that tensors hold: weights, gradients, moments and activations; QR "
                  "factorisations, orthonormal bases and singular values, the products that "
                  "bases are made of among them"};
  table.columns = {{.title = "rank", .format = Format::Integer},
                   {.title = "what"},
                   {.title = "memory", .unit = "MB", .format = Format::Number, .decimals = 0},
                   {.title = "of the dense network's",
                    .format = Format::Percent,
                    .better = Better::Lower,
                    .decimals = 1},
                   {.title = "factorisations", .format = Format::Percent, .decimals = 1}};
  for (const auto rank : options.ranks) {
    const auto found = results.cells.find(fmt::format("r{}", rank));
    if (found == results.cells.end()) continue;
    const double dense = found->second.at("dense bytes").get<double>();
    for (const auto& method : study::timings::methods()) {
      const auto entry = found->second.at("train").value(method.id, json());
      if (entry.is_null()) continue;
      const double bytes = entry.at("bytes").get<double>();
      table.rows.push_back(
          {{rank, method.name, bytes / 1e6, bytes / dense, entry.at("factorising").get<double>()}});
    }
  }
  return table;
}

Chart ratio_chart(const Options& options, const ExperimentResults& results) {
  Chart chart{.id = "ratios",
              .title = "How many times as fast as the dense network",
              .note = "both logarithms to the base 2: at 0 the two are the same",
              .x_title = "log2 of the rank",
              .y_title = "log2 of (dense seconds / seconds)"};
  each_timed([&](const std::string& id, const std::string&) {
    ChartLine line{.arm = id};
    for (const auto& [rank, values] : speedups_of(options, results, id)) {
      line.x.push_back(std::log2(static_cast<double>(rank)));
      line.y.push_back(std::log2(study::timings::median(values)));
    }
    if (!line.x.empty()) chart.lines.push_back(std::move(line));
  });
  ChartLine step{.arm = kPrintedStep}, prediction{.arm = kPrintedPrediction};
  for (const auto& one : printed_speedups()) {
    if (options.ranks.empty() || one.rank > options.ranks.back()) continue;
    for (auto* line : {&step, &prediction}) line->x.push_back(std::log2(one.rank));
    step.y.push_back(std::log2(one.step));
    prediction.y.push_back(std::log2(one.prediction));
  }
  for (auto* line : {&step, &prediction})
    if (!line->x.empty()) chart.lines.push_back(std::move(*line));
  return chart;
}

/// "2"; "1, 2" where cells were timed by different numbers of threads.
std::string threads_of(const ExperimentResults& results) {
  std::set<std::int64_t> found;
  for (const auto& [name, cell] : results.cells)
    found.insert(cell.at("threads").get<std::int64_t>());
  return fmt::format("{}", fmt::join(found, ", "));
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
      "augmentation and truncation but keep the rank.",
      fmt::format("In the verdicts a repeat stands for a seed. Each has {} ({} at ranks {}), but "
                  "none more once a method has taken {:.0f} s at a rank; the table says how many "
                  "it has. Intervals are over repeats of one process, and know nothing of how "
                  "processes or machines differ.",
                  options.repeats, 3 * options.repeats, fmt::join(options.closely, ", "),
                  options.patience)};
  data.verdicts = timings_verdicts(options, results);
  data.facts = {{"repeats", std::to_string(options.repeats)},
                {"ranks", fmt::format("{} of {}", results.cells.size(), options.ranks.size())}};
  for (const auto& method : study::timings::methods()) {
    data.arms.push_back({.id = method.id, .label = method.name});
  }
  data.arms.push_back({.id = "predict", .label = "prediction"});
  data.arms.push_back({.id = kPrintedStep, .label = "a step, published"});
  data.arms.push_back({.id = kPrintedPrediction, .label = "a prediction, published"});
  data.chart_title = "Ranks and time";
  data.charts = {ratio_chart(options, results)};
  data.tables = {summary_table(options, results), seconds_table(options, results),
                 cost_table(options, results)};
  if (!results.cells.empty()) {
    data.provenance = {{"threads", threads_of(results)}};
  }
  add_run(results, data);
  return data;
}

}  // namespace ranklens::report
