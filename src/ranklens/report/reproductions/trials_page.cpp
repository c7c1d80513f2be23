#include "ranklens/report/reproductions/trials_page.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ranklens/report/curve.h"
#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/report/reproductions/trial_claims.h"
#include "ranklens/report/reproductions/trial_values.h"

namespace ranklens::report {
namespace {

using study::ExperimentResults;
using study::reproductions::Published;
using study::reproductions::Reproduction;

/// What only people know of an experiment.
struct Words {
  const char *title, *lead;
  std::vector<std::string> notes = {};
};

const Words& words_of(const std::string& name) {
  static const std::map<std::string, Words> all{
      {"lenet-dlrt",
       {"LeNet5 with ranks found on the way",
        "LeNet5 learns MNIST with three weights as U S V^T, whose ranks a tolerance of truncation "
        "decides (Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco 2022).",
        {"Shares of saved weights count r (m + n) numbers for a weight of rank r. The published "
         "table leaves out the factor on the input's side; its rows are counted anew here from "
         "their printed ranks.",
         "A row of that table is held against the run that saves at least as much, whatever "
         "tolerance that took."}}},
      {"uv-vs-dlrt",
       {"Small singular values: descent on factors against integrators",
        "LeNet5 learns MNIST at rank 20 from singular values that decay, by gradient descent on "
        "U and V, and by integrators that do not see how the weight is split among factors.",
        {"Before its truncation a step of parallel BUG is one along the gradient projected onto "
         "the tangent space, so at a fixed rank it is Riemannian gradient descent, and stands for "
         "it here.",
         "The published files count the untrained network as a row, so that their twentieth row "
         "is after 19 epochs; the accuracies beside are those after 20."}}},
      {"mlp-dlrt",
       {"Dense networks with ranks found in one phase",
        "Four hidden layers as U S V^T learn MNIST; the published runs needed 100 epochs at fixed "
        "ranks after up to 250 in which the ranks were found.",
        {"The published accuracies are those after the second phase; before it they were between "
         "78 and 95 %."}}},
      {"train-from-prune",
       {"From a dense network to rank 20",
        "A dense network is trained, cut to rank 20, and trained at that rank; another is at rank "
        "20 from the start."}},
      {"novikov-mnist",
       {"Two layers as tensor trains",
        "A network of one hidden layer learns MNIST with both weights as tensor trains (Novikov, "
        "Podoprikhin, Osokin, Vetrov 2015).",
        {"The modes of the last layer are not printed; the ones here come nearest to the printed "
         "numbers of parameters.",
         "Images are divided anew for each seed; the epoch is chosen on a fourteenth of them."}}},
      {"mps-mnist",
       {"A matrix product state that tells digits apart",
        "Images of 14x14 means as products of 196 two-vectors, met by a matrix product state whose "
        "middle carries the digit (Stoudenmire and Schwab 2016).",
        {"Sweeps solve a least-squares problem for two neighbouring cores at a time, on all images "
         "at once; an epoch of theirs is a sweep forth and back. Adam takes the cross-entropy of "
         "batches.",
         "Sites run row by row; in the paper they zigzag."}}},
      {"fine-tune-effect",
       {"What tuning the cores alone adds",
        "Ranks are found at a tolerance of 0.1 with all layers in factors, then the cores alone "
        "are trained on.",
        {"In the published runs accuracies jumped by 14 to 28 points, after a truncation whose "
         "factor was transposed.",
         "Published for VGG16 and AlexNet, too, which are missing here."}}}};
  return all.at(name);
}

const Published* published_for(const Reproduction& reproduction, const std::string& arm) {
  const auto found = std::find_if(reproduction.published.begin(), reproduction.published.end(),
                                  [&](const Published& row) { return row.arm == arm; });
  return found == reproduction.published.end() ? nullptr : &*found;
}

double mean_seconds(const Reproduction& reproduction, const ExperimentResults& results,
                    const std::string& arm) {
  double sum = 0;
  int count = 0;
  for (const auto& trial : reproduction.trials.trials) {
    const auto found = results.seconds.find(name_of(trial));
    if (trial.arm == arm && found != results.seconds.end()) sum += found->second, ++count;
  }
  return count > 0 ? sum / count : 0;
}

Table outcome_table(const Reproduction& reproduction, const ExperimentResults& results) {
  Table table{.id = "outcomes",
              .title = "What came out, beside what was published",
              .note = "means over the seeds with their 95 % intervals; ranks are means, too"};
  table.columns = {
      {.title = "arm"},
      {.title = "accuracy", .format = Format::Percent, .better = Better::Higher, .decimals = 2},
      {.title = "published", .format = Format::Percent, .decimals = 2},
      {.title = "weights saved",
       .format = Format::Percent,
       .better = Better::Higher,
       .decimals = 1},
      {.title = "published", .format = Format::Percent, .decimals = 1},
      {.title = "ranks"},
      {.title = "a run", .unit = "s", .format = Format::Number, .decimals = 0}};
  const auto& trials = reproduction.trials;
  for (const auto& arm : arms_of(trials)) {
    const auto accuracy = values_of(trials, results, arm, test_accuracy());
    if (accuracy.empty()) continue;
    const auto* row = published_for(reproduction, arm);
    const auto saved = values_of(trials, results, arm, saved_share());
    table.rows.push_back(
        {{arm, estimate(accuracy), row ? Cell(row->accuracy) : Cell(), estimate(saved),
          row && row->saved > 0 ? Cell(row->saved) : Cell(), ranks_text(trials, results, arm),
          mean_seconds(reproduction, results, arm)}});
  }
  return table;
}

/// What each phase began and ended with, where there are several.
Table phase_table(const Reproduction& reproduction, const ExperimentResults& results) {
  Table table{.id = "phases", .title = "From phase to phase"};
  table.columns = {{.title = "arm"},
                   {.title = "phase"},
                   {.title = "began with", .format = Format::Percent, .decimals = 2},
                   {.title = "ended with", .format = Format::Percent, .decimals = 2}};
  const auto& trials = reproduction.trials;
  for (const auto& arm : arms_of(trials)) {
    const auto trial = std::find_if(trials.trials.begin(), trials.trials.end(),
                                    [&](const study::Trial& one) { return one.arm == arm; });
    if (trial->phases.size() < 2) continue;
    for (const auto& phase : trial->phases) {
      const auto before =
          estimate(values_of(trials, results, arm, test_accuracy_before(phase.name)));
      const auto after = estimate(values_of(trials, results, arm, test_accuracy(phase.name)));
      if (after.count == 0) continue;
      table.rows.push_back(
          {{arm, phase.name, before.count > 0 ? Cell(before) : Cell(), Cell(after)}});
    }
  }
  return table;
}

/// Accuracy over the share of weights saved, a dot a run and the published ones.
Chart trade_chart(const Reproduction& reproduction, const ExperimentResults& results) {
  Chart chart{.id = "trade",
              .title = "Accuracy over the share of weights saved",
              .note = "one line a seed through all tolerances; the published means beside",
              .x_title = "weights saved (%)",
              .y_title = "accuracy on the test images (%)"};
  const auto& trials = reproduction.trials;
  std::map<std::uint64_t, std::vector<std::pair<double, double>>> by_seed;
  for (const auto& arm : arms_of(trials)) {
    const auto saved = values_of(trials, results, arm, saved_share());
    const auto accuracy = values_of(trials, results, arm, test_accuracy());
    for (std::size_t k = 0; k < saved.size(); ++k) {
      if (saved[k].value > 0)
        by_seed[saved[k].seed].emplace_back(100 * saved[k].value, 100 * accuracy[k].value);
    }
  }
  const auto line = [&](const char* arm, std::uint64_t seed,
                        std::vector<std::pair<double, double>> points) {
    std::sort(points.begin(), points.end());
    ChartLine made{.arm = arm, .seed = seed};
    for (const auto& [x, y] : points) made.x.push_back(x), made.y.push_back(y);
    chart.lines.push_back(std::move(made));
  };
  for (const auto& [seed, points] : by_seed) line("ours", seed, points);
  std::vector<std::pair<double, double>> printed;
  for (const auto& row : reproduction.published) {
    if (row.saved > 0) printed.emplace_back(100 * row.saved, 100 * row.accuracy);
  }
  if (!by_seed.empty()) line("published", 0, printed);
  return chart;
}

}  // namespace

ReportData trials_page(const Reproduction& reproduction, const ExperimentResults& results,
                       const std::string& command) {
  const auto& trials = reproduction.trials;
  const auto& words = words_of(trials.name);
  ReportData data{.title = words.title, .lead = words.lead, .command = command};
  data.notes = words.notes;
  data.facts = {{"trainings", fmt::format("{} of {}", results.cells.size(), trials.trials.size())}};
  data.verdicts = trial_verdicts(reproduction, results);
  for (const auto& arm : arms_of(trials)) {
    const auto accuracy = values_of(trials, results, arm, test_accuracy());
    data.arms.push_back({.id = arm,
                         .label = arm,
                         .description = ranks_text(trials, results, arm),
                         .reference = arm.find("dense") != std::string::npos,
                         .accuracy = estimate(accuracy)});
  }
  const auto runs = histories_of(trials, results);
  for (const auto& run : runs) data.curves.push_back(curve_of(run.arm, run.seed, run.history));
  if (trials.name == "lenet-dlrt") {
    data.arms.push_back({.id = "ours", .label = "ours"});
    data.arms.push_back({.id = "published", .label = "published"});
    data.charts = {trade_chart(reproduction, results)};
  }
  for (auto& chart : observed_charts(runs)) data.charts.push_back(std::move(chart));
  if (!data.charts.empty()) data.chart_title = "Ranks and weights";
  data.tables = {outcome_table(reproduction, results)};
  auto phases = phase_table(reproduction, results);
  if (!phases.rows.empty()) data.tables.push_back(std::move(phases));
  add_run(results, data);
  return data;
}

}  // namespace ranklens::report
