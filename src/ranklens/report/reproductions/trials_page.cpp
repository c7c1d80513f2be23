#include "ranklens/report/reproductions/trials_page.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/curve.h"
#include "ranklens/report/reproductions/arm_samples.h"
#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/report/reproductions/printed_curves.h"
#include "ranklens/report/reproductions/trial_claims.h"
#include "ranklens/report/reproductions/trial_values.h"
#include "ranklens/report/reproductions/trial_words.h"

namespace ranklens::report {
namespace {

using study::ExperimentResults;
using study::reproductions::Published;
using study::reproductions::PublishedAccuracy;
using study::reproductions::Reproduction;

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
    const auto found = results.cells.find(name_of(trial));
    if (trial.arm != arm || found == results.cells.end()) continue;
    // The cell's own time is that of the call that finished it.
    for (const auto& phase : found->second.at("phases")) sum += phase.value("seconds", 0.0);
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

Cell printed_cell(double value) { return value > 0 ? Cell(value) : Cell(); }

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
        {{arm, estimate(accuracy), printed_cell(row ? row->accuracy : 0), estimate(saved),
          printed_cell(row ? row->saved : 0), ranks_text(trials, results, arm),
          mean_seconds(reproduction, results, arm)}});
  }
  for (const auto& arm : arms_left_out(trials)) {
    const auto* row = published_for(reproduction, arm);
    table.rows.push_back({{arm + " (not run)", Cell(), printed_cell(row ? row->accuracy : 0),
                           Cell(), printed_cell(row ? row->saved : 0), "", Cell()}});
  }
  return table;
}

double printed_after(const Published* row, const std::string& phase) {
  if (row == nullptr || !row->phases.contains(phase)) return 0;
  return row->phases.at(phase).mean;
}

/// What each phase began and ended with, where there are several.
Table phase_table(const Reproduction& reproduction, const ExperimentResults& results) {
  Table table{.id = "phases", .title = "From phase to phase"};
  table.columns = {{.title = "arm"},
                   {.title = "phase"},
                   {.title = "began with", .format = Format::Percent, .decimals = 2},
                   {.title = "ended with", .format = Format::Percent, .decimals = 2},
                   {.title = "published", .format = Format::Percent, .decimals = 2}};
  const auto& trials = reproduction.trials;
  const auto left = arms_left_out(trials);
  std::set<std::string> done;
  for (const auto& trial : trials.trials) {
    if (trial.phases.size() < 2 || !done.insert(trial.arm).second) continue;
    const auto* row = published_for(reproduction, trial.arm);
    for (const auto& phase : trial.phases) {
      const auto before =
          estimate(values_of(trials, results, trial.arm, test_accuracy_before(phase.name)));
      const auto after = estimate(values_of(trials, results, trial.arm, test_accuracy(phase.name)));
      const bool left_out = std::find(left.begin(), left.end(), trial.arm) != left.end();
      if (after.count == 0 && !left_out) continue;
      table.rows.push_back(
          {{left_out ? trial.arm + " (not run)" : trial.arm, phase.name,
            before.count > 0 ? Cell(before) : Cell(), after.count > 0 ? Cell(after) : Cell(),
            printed_cell(printed_after(row, phase.name))}});
    }
  }
  return table;
}

/// Of arms that are swept and not trained by an optimiser: what each has in its settings.
Table sweeps_table(const study::Trials& trials) {
  Table table{.id = "sweeps", .title = "How states are swept"};
  if (!trials.settings.is_object() || !trials.settings.contains("sweeps")) return table;
  table.columns = {{.title = "arm"}};
  std::vector<std::string> keys;
  const auto& arms = trials.settings.at("sweeps");
  for (const auto& [key, value] : arms.front().items()) {
    keys.push_back(key);
    table.columns.push_back({.title = key});
  }
  for (const auto& [arm, how] : arms.items()) {
    Row row{.cells = {arm}};
    for (const auto& key : keys) {
      const auto value = how.value(key, nlohmann::json());
      row.cells.emplace_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

struct TradePoint {
  double saved = 0, accuracy = 0;  ///< in percent
  std::string arm{};
};

ChartLine sorted_line(const std::string& arm, std::uint64_t seed, std::vector<TradePoint> points) {
  std::sort(points.begin(), points.end(),
            [](const auto& a, const auto& b) { return a.saved < b.saved; });
  ChartLine made{.arm = arm, .seed = seed};
  for (const auto& point : points) {
    made.x.push_back(point.saved), made.y.push_back(point.accuracy);
    made.places.push_back(point.arm);
  }
  return made;
}

/// Accuracy over the share of weights saved, a line a seed and the published rows, of the arms that
/// begin alike.
Chart trade_chart(const Reproduction& reproduction, const ExperimentResults& results,
                  const std::string& table) {
  Chart chart{.id = "trade-" + table,
              .title = "Accuracy over the share of weights saved",
              .note = "means over the seeds at each tolerance; the published means beside",
              .x_title = "weights saved (%)",
              .y_title = "accuracy on the test images (%)"};
  const auto& trials = reproduction.trials;
  std::map<std::uint64_t, std::vector<TradePoint>> by_seed, to_a_size;
  for (const auto& arm : arms_of(trials)) {
    if (table_of(arm) != table) continue;
    const auto saved = values_of(trials, results, arm, saved_share());
    const auto accuracy = values_of(trials, results, arm, test_accuracy());
    for (std::size_t k = 0; k < saved.size(); ++k) {
      auto& line = (comes_to_a_size(arm) ? to_a_size : by_seed)[saved[k].seed];
      line.push_back({100 * saved[k].value, 100 * accuracy[k].value, arm});
    }
  }
  for (const auto& [seed, points] : by_seed) {
    chart.lines.push_back(sorted_line("ours", seed, points));
  }
  for (const auto& [seed, points] : to_a_size) {
    chart.lines.push_back(sorted_line("ours, to a size", seed, points));
  }
  std::vector<TradePoint> printed;
  for (const auto& row : reproduction.published) {
    if (row.saved > 0 && table_of(row.arm) == table) {
      printed.push_back({100 * row.saved, 100 * row.accuracy, row.arm});
    }
  }
  if (!by_seed.empty()) chart.lines.push_back(sorted_line("published", 0, printed));
  return chart;
}

std::vector<Chart> trade_charts(const Reproduction& reproduction,
                                const ExperimentResults& results) {
  std::set<std::string> tables;
  for (const auto& arm : arms_of(reproduction.trials)) tables.insert(table_of(arm));
  tables.erase("");
  std::vector<Chart> charts;
  for (const auto& table : tables) {
    auto chart = trade_chart(reproduction, results, table);
    if (tables.size() > 1) chart.title += ", " + table;
    if (!chart.lines.empty()) charts.push_back(std::move(chart));
  }
  return charts;
}

/// "20", "10 + 10; 20": of the phases of each arm.
std::string epochs_text(const study::Trials& trials) {
  std::vector<std::string> texts;
  for (const auto& trial : trials.trials) {
    std::vector<std::int64_t> epochs;
    for (const auto& phase : trial.phases) epochs.push_back(phase.fit.epochs);
    const auto text = fmt::format("{}", fmt::join(epochs, " + "));
    if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) {
      texts.push_back(text);
    }
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::vector<std::pair<std::string, std::string>> facts_of(const Reproduction& reproduction,
                                                          const ExperimentResults& results) {
  const auto& trials = reproduction.trials;
  const auto asked = std::count_if(trials.trials.begin(), trials.trials.end(),
                                   [](const study::Trial& trial) { return trial.asked; });
  std::set<std::uint64_t> seeds;
  for (const auto& trial : trials.trials)
    if (trial.asked) seeds.insert(trial.seed);
  std::vector<std::pair<std::string, std::string>> facts{
      {"extent", extent_text(reproduction.extent)},
      {"trainings", fmt::format("{} of {}", results.cells.size(), asked)},
      {"seeds", fmt::format("{}", seeds.size())}};
  const auto epochs = epochs_text(trials);
  if (!epochs.empty()) facts.emplace_back("epochs", epochs);
  if (!trials.images.empty()) facts.emplace_back("images", trials.images);
  return facts;
}

std::string description_of(const Reproduction& reproduction, const ExperimentResults& results,
                           const std::string& arm) {
  const auto words = arm_words(reproduction.trials.name, arm);
  const auto ranks = ranks_text(reproduction.trials, results, arm);
  return words + (words.empty() || ranks.empty() ? "" : "; ") + ranks;
}

void add_charts(const Reproduction& reproduction, const ExperimentResults& results,
                const std::vector<ObservedRun>& runs, ReportData& data) {
  const auto add = [&](std::vector<Chart> charts) {
    for (auto& chart : charts) data.charts.push_back(std::move(chart));
  };
  add(trade_charts(reproduction, results));
  std::set<std::string> drawn;  // "ours", "ours, to a size", "published"
  for (const auto& chart : data.charts)
    for (const auto& line : chart.lines) drawn.insert(line.arm);
  for (const auto& name : drawn) data.arms.push_back({.id = name, .label = name});
  add(epoch_charts(reproduction, results));
  for (auto& arm : printed_arms(reproduction)) data.arms.push_back(std::move(arm));
  add(observed_charts(runs));
  if (!data.charts.empty()) data.chart_title = "Ranks and weights";
}

}  // namespace

ReportData trials_page(Reproduction reproduction, const ExperimentResults& results,
                       const std::string& command) {
  show_finished(reproduction.trials, results);
  const auto& trials = reproduction.trials;
  const auto& words = trial_words(trials.name);
  ReportData data{.title = words.title, .lead = words.lead, .command = command};
  data.notes = words.notes;
  data.facts = facts_of(reproduction, results);
  data.verdicts = trial_verdicts(reproduction, results);
  for (const auto& arm : arms_of(trials)) {
    const auto accuracy = values_of(trials, results, arm, test_accuracy());
    data.arms.push_back({.id = arm,
                         .label = arm,
                         .description = description_of(reproduction, results, arm),
                         .reference = arm.find("dense") != std::string::npos,
                         .accuracy = estimate(accuracy)});
  }
  const auto runs = histories_of(trials, results);
  const bool measured = std::all_of(runs.begin(), runs.end(), [](const auto& run) {
    return train::has_processor_seconds(run.history);
  });
  const auto clock = measured ? train::Clock::processor : train::Clock::wall;
  data.seconds_title = seconds_title(clock);
  for (const auto& run : runs)
    data.curves.push_back(curve_of(run.arm, run.seed, run.history, clock));
  add_charts(reproduction, results, runs, data);
  data.tables = {outcome_table(reproduction, results)};
  for (auto& table : {epoch_table(reproduction, results), phase_table(reproduction, results),
                      sweeps_table(trials)}) {
    if (!table.rows.empty()) data.tables.push_back(table);
  }
  add_run(results, data);
  return data;
}

}  // namespace ranklens::report
