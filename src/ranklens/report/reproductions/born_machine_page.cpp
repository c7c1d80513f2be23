#include "ranklens/report/reproductions/born_machine_page.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <fmt/format.h>

#include "ranklens/base/image.h"
#include "ranklens/report/heatmap.h"
#include "ranklens/report/reproductions/born_machine_claims.h"
#include "ranklens/report/reproductions/experiment_parts.h"

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::ExperimentResults;
using BornOptions = study::born_machine::Options;

double training_seconds(const json& cell) { return BornRun(cell).total(); }

Chart likelihood_chart(const BornOptions& options, const ExperimentResults& results,
                       bool by_seconds) {
  Chart chart{.id = by_seconds ? "nll-seconds" : "nll",
              .title = by_seconds ? "The same, over time" : "Negative log-likelihood of the images",
              .x_title = by_seconds ? "training (s of the processor)"
                                    : "passes over the images, then sweeps",
              .y_title = "nats an image"};
  for (const auto& method : study::born_machine::methods()) {
    for (const auto& [seed, cell] : born_runs(options, results, method.id)) {
      const BornRun run(cell);
      ChartLine line{.arm = method.id, .seed = seed, .y = run.nll};
      double seconds = 0;
      for (std::size_t k = 0; k < run.nll.size(); ++k) {
        seconds += run.seconds[k];
        line.x.push_back(by_seconds ? seconds : static_cast<double>(k + 1));
      }
      chart.lines.push_back(std::move(line));
    }
  }
  return chart;
}

Column nats(const std::string& title) {
  return {.title = title,
          .unit = "nats",
          .format = Format::Number,
          .better = Better::Lower,
          .decimals = 1};
}

/// How the runs of a method ended: "3 of 3 stood still".
std::string endings(const SeedCells& runs) {
  std::size_t flat = 0, diverged = 0;
  for (const auto& [seed, cell] : runs) {
    const BornRun run(cell);
    flat += run.flat ? 1 : 0, diverged += run.diverged ? 1 : 0;
  }
  const auto text = fmt::format("{} of {} stood still", flat, runs.size());
  return diverged > 0 ? fmt::format("{}, {} diverged", text, diverged) : text;
}

Table likelihood_table(const BornOptions& options, const ExperimentResults& results) {
  Table table{.id = "likelihoods",
              .title = "Where it ended",
              .note =
                  "means over the seeds with their 95 % intervals; seconds are those of the "
                  "processor, in all threads"};
  table.columns = {{.title = "method"},
                   nats("images learned from"),
                   nats("held-out images"),
                   {.title = "passes of Adam", .format = Format::Number, .decimals = 0},
                   {.title = "plateau of Adam"},
                   {.title = "a run", .unit = "s", .format = Format::Number, .decimals = 0}};
  for (const auto& method : study::born_machine::methods()) {
    const auto runs = born_runs(options, results, method.id);
    if (runs.empty()) continue;
    const auto mean = [&](double (*number)(const json&)) {
      return estimate(values_of(runs, number));
    };
    table.rows.push_back(
        {{method.label, mean(last_likelihood),
          mean([](const json& cell) { return cell.at("held out").get<double>(); }),
          mean([](const json& cell) { return cell.at("passes").get<double>(); }).mean,
          method.lr > 0 ? Cell(endings(runs)) : Cell(), mean(training_seconds).mean}});
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
    const auto runs = born_runs(options, results, method.id);
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
                {"budget of turning", fmt::format("{} sweeps", options.sweeps)},
                {"budget of Adam",
                 fmt::format("{} passes at most, batches of {}", options.passes, options.batch)}};
  data.notes = {
      "A pixel x enters as (cos, sin) of x times pi / 2, so likelihoods are of such products, as "
      "in the paper; pictures are drawn in black and white.",
      fmt::format("A sweep turns every core twice, on all images; a pass of Adam moves all cores "
                  "once a batch. Adam goes on until the lowest likelihood of {} passes is less "
                  "than {} nats below the lowest before them, {} passes at most; where it was "
                  "stopped while it still fell, verdicts about its plateau stay open.",
                  options.patience, options.least, options.passes),
      "Seconds are those of the processor, in all threads, so that other programs do not count. "
      "Those of Adam are its steps alone; a sweep's include the likelihood that decides its "
      "angle. In the comparison of equal seconds Adam has until the end of the pass in which they "
      "are over, and of its three rates the best of each seed counts."};
  data.verdicts = born_machine_verdicts(options, results);
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
