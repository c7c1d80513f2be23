#include "ranklens/report/reproductions/born_machine_page.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>

#include "ranklens/base/image.h"
#include "ranklens/report/heatmap.h"
#include "ranklens/report/reproductions/experiment_parts.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::ExperimentResults;
using BornOptions = study::born_machine::Options;

double last_likelihood(const json& run) { return run.at("nll").back().get<double>(); }

double training_seconds(const json& run) {
  double sum = 0;
  for (const auto& one : run.at("seconds")) sum += one.get<double>();
  return sum;
}

Chart likelihood_chart(const BornOptions& options, const ExperimentResults& results,
                       bool by_seconds) {
  Chart chart{.id = by_seconds ? "nll-seconds" : "nll",
              .title = by_seconds ? "The same, over time" : "Negative log-likelihood of the images",
              .x_title = by_seconds ? "training (s)" : "sweeps, or passes over the images",
              .y_title = "nats an image"};
  for (const auto& method : study::born_machine::methods()) {
    for (const auto& [seed, cell] : cells_of(results, method.id, options.seeds)) {
      ChartLine line{.arm = method.id, .seed = seed};
      double seconds = 0;
      for (std::size_t k = 0; k < cell.at("nll").size(); ++k) {
        seconds += cell.at("seconds")[k].get<double>();
        line.x.push_back(by_seconds ? seconds : static_cast<double>(k + 1));
        line.y.push_back(cell.at("nll")[k].get<double>());
      }
      chart.lines.push_back(std::move(line));
    }
  }
  return chart;
}

Table likelihood_table(const BornOptions& options, const ExperimentResults& results) {
  Table table{.id = "likelihoods", .title = "Where it ended"};
  table.columns = {{.title = "method"},
                   {.title = "images learned from",
                    .unit = "nats",
                    .format = Format::Number,
                    .better = Better::Lower,
                    .decimals = 1},
                   {.title = "held-out images",
                    .unit = "nats",
                    .format = Format::Number,
                    .better = Better::Lower,
                    .decimals = 1},
                   {.title = "a run", .unit = "s", .format = Format::Number, .decimals = 0}};
  for (const auto& method : study::born_machine::methods()) {
    const auto runs = cells_of(results, method.id, options.seeds);
    if (runs.empty()) continue;
    table.rows.push_back(
        {{method.label, estimate(values_of(runs, last_likelihood)),
          estimate(
              values_of(runs, [](const json& run) { return run.at("held out").get<double>(); })),
          estimate(values_of(runs, training_seconds)).mean}});
  }
  return table;
}

/// Pictures of bits side by side, eight in a row, a pixel apart.
at::Tensor sheet_of(const json& rows, std::int64_t side) {
  constexpr std::int64_t kInRow = 8;
  const auto count = static_cast<std::int64_t>(rows.size());
  const auto lines = (count + kInRow - 1) / kInRow, cell = side + 1;
  auto sheet = at::full({lines * cell + 1, kInRow * cell + 1}, 0.5, at::kFloat);
  for (std::int64_t k = 0; k < count; ++k) {
    const auto bits = study::born_machine::from_hex(
        rows[static_cast<std::size_t>(k)].get<std::string>(), side * side);
    sheet.narrow(0, k / kInRow * cell + 1, side)
        .narrow(1, k % kInRow * cell + 1, side)
        .copy_(bits.view({side, side}));
  }
  return sheet;
}

void add_pictures(const BornOptions& options, const ExperimentResults& results, ReportData& data) {
  Grid grid{.title = "Drawn and completed",
            .note =
                "of the first seed: digits drawn from each distribution; held-out ones as they "
                "are, and with their lower half drawn given the upper one",
            .layout = Layout::Gallery};
  const auto add = [&](const std::string& id, const std::string& title, const json& rows,
                       std::int64_t side) {
    // Enlarged, so that pixels stay squares on the page.
    const auto sheet = sheet_of(rows, side).repeat_interleave(3, 0).repeat_interleave(3, 1);
    data.images.push_back(
        {.id = id, .title = title, .png = base::encode_png(base::to_image(sheet))});
    grid.images.push_back(id);
  };
  bool given = false;
  for (const auto& method : study::born_machine::methods()) {
    const auto runs = cells_of(results, method.id, options.seeds);
    if (runs.empty()) continue;
    const auto& cell = runs.begin()->second;
    const auto side = cell.at("side").get<std::int64_t>();
    if (!given) add("given", "held-out digits", cell.at("given"), side);
    given = true;
    add(method.id + "-samples", method.label + ": drawn", cell.at("samples"), side);
    add(method.id + "-completed", method.label + ": completed", cell.at("completed"), side);
  }
  if (given) data.grids.push_back(std::move(grid));
}

Verdict turning_verdict(const BornOptions& options, const ExperimentResults& results) {
  const auto ends = [&](const char* method) {
    return values_of(cells_of(results, method, options.seeds), last_likelihood);
  };
  return judged({.claim = {.text = "Turning cores by 10 degrees ends more than 20 nats below Adam "
                                   "of 3e-4, as published (about 40 against about 80)",
                           .unit = "nats",
                           .relation = study::Relation::less,
                           .threshold = -20,
                           .needed_seeds = 3},
                 .first = "turning by 10 degrees",
                 .second = "Adam, 3e-4",
                 .measure = "negative log-likelihood of the images learned from, turning − Adam"},
                ends("tsgo-10"), ends("adam-3e-4"));
}

}  // namespace

ReportData born_machine_page(const BornOptions& options, const ExperimentResults& results,
                             const std::string& command) {
  ReportData data{.title = "A Born machine of digits",
                  .lead =
                      "A matrix product state learns the distribution of images by turning its "
                      "cores on their spheres (Sun, Ran, Su 2020) and by Adam.",
                  .command = command};
  data.facts = {{"images", std::to_string(options.samples)},
                {"bond", std::to_string(options.bond)},
                {"sweeps or epochs", std::to_string(options.sweeps)}};
  data.notes = {
      "A pixel x enters as (cos, sin) of x times pi / 2, so likelihoods are of such products, as "
      "in the paper; pictures are drawn in black and white.",
      "A sweep turns every core twice, on all images; an epoch of Adam moves all cores once a "
      "batch. The chart over seconds is the one to compare them by."};
  data.verdicts = {turning_verdict(options, results)};
  for (const auto& method : study::born_machine::methods()) {
    data.arms.push_back({.id = method.id, .label = method.label});
  }
  data.chart_title = "In the course of training";
  data.charts = {likelihood_chart(options, results, false),
                 likelihood_chart(options, results, true)};
  data.tables = {likelihood_table(options, results)};
  add_pictures(options, results, data);
  add_run(results, data);
  return data;
}

}  // namespace ranklens::report
