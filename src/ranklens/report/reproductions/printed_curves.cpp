#include "ranklens/report/reproductions/printed_curves.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "ranklens/report/reproductions/trial_values.h"

namespace ranklens::report {
namespace {

using study::ExperimentResults;
using study::reproductions::Published;
using study::reproductions::Reproduction;

std::string start_of(const std::string& arm) { return arm.substr(arm.rfind('-') + 1); }
std::string printed_id(const std::string& arm) { return "printed " + arm; }

std::set<std::int64_t> printed_epochs(const Reproduction& reproduction) {
  std::set<std::int64_t> epochs;
  for (const auto& row : reproduction.published) {
    for (const auto& [epoch, printed] : row.curve) epochs.insert(epoch);
  }
  return epochs;
}

const Published* curve_for(const Reproduction& reproduction, const std::string& arm) {
  for (const auto& row : reproduction.published) {
    if (row.arm == arm && !row.curve.empty()) return &row;
  }
  return nullptr;
}

ChartLine printed_line(const Published& row) {
  ChartLine line{.arm = printed_id(row.arm)};
  for (const auto& [epoch, printed] : row.curve) {
    line.x.push_back(static_cast<double>(epoch));
    line.y.push_back(100 * printed.mean);
  }
  return line;
}

}  // namespace

Table epoch_table(const Reproduction& reproduction, const ExperimentResults& results) {
  Table table{.id = "epochs", .title = "Accuracy after so many epochs, ours and as printed"};
  table.columns = {{.title = "arm"}};
  const auto epochs = printed_epochs(reproduction);
  for (const auto epoch : epochs) {
    table.columns.push_back({.title = fmt::format("after {}", epoch),
                             .format = Format::Percent,
                             .better = Better::Higher,
                             .decimals = 2});
    table.columns.push_back(
        {.title = fmt::format("printed, {}", epoch), .format = Format::Percent, .decimals = 2});
  }
  if (epochs.empty()) return table;
  for (const auto& arm : arms_of(reproduction.trials)) {
    const auto* row = curve_for(reproduction, arm);
    Row made{.cells = {arm}};
    bool any = false;
    for (const auto epoch : epochs) {
      const auto values = values_of(reproduction.trials, results, arm, test_accuracy_after(epoch));
      any = any || !values.empty();
      made.cells.push_back(values.empty() ? Cell() : Cell(estimate(values)));
      const bool printed = row != nullptr && row->curve.contains(epoch);
      made.cells.push_back(printed ? Cell(row->curve.at(epoch).mean) : Cell());
    }
    if (any) table.rows.push_back(std::move(made));
  }
  return table;
}

std::vector<Chart> epoch_charts(const Reproduction& reproduction,
                                const ExperimentResults& results) {
  std::map<std::string, Chart> by_start;
  for (const auto& run : histories_of(reproduction.trials, results)) {
    if (printed_epochs(reproduction).empty()) break;
    auto& chart = by_start[start_of(run.arm)];
    ChartLine line{.arm = run.arm, .seed = run.seed};
    for (const auto& epoch : run.history) {
      line.x.push_back(static_cast<double>(epoch.epoch));
      line.y.push_back(100 * epoch.validation_accuracy);
    }
    chart.lines.push_back(std::move(line));
  }
  std::vector<Chart> charts;
  for (auto& [start, chart] : by_start) {
    chart.id = "epochs-" + start;
    chart.title = fmt::format("Accuracy after each epoch, {}", start);
    chart.note = "on the test images, by which nothing is chosen; printed means at their epochs";
    chart.x_title = "epoch";
    chart.y_title = "accuracy on the test images (%)";
    for (const auto& row : reproduction.published) {
      if (!row.curve.empty() && start_of(row.arm) == start) {
        chart.lines.push_back(printed_line(row));
      }
    }
    charts.push_back(std::move(chart));
  }
  return charts;
}

std::vector<Arm> printed_arms(const Reproduction& reproduction) {
  std::vector<Arm> arms;
  for (const auto& row : reproduction.published) {
    if (row.curve.empty()) continue;
    arms.push_back({.id = printed_id(row.arm), .label = printed_id(row.arm)});
  }
  return arms;
}

}  // namespace ranklens::report
