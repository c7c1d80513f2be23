// What arms are and what they cost, in one table.
#include <algorithm>
#include <cmath>

#include "ranklens/report/page_parts.h"

namespace ranklens::report {
namespace {

bool is_measured(double value) { return std::isfinite(value); }

/// Of a count: whole where all seeds agree, else the mean with its interval.
Cell count_or_nothing(const Estimate& count) {
  if (!is_measured(count.mean) || !(count.mean > 0)) return {};
  const bool one = count.count <= 1 || !(count.low < count.high);
  return one ? Cell(static_cast<std::int64_t>(std::llround(count.mean))) : Cell(count);
}

/// In multiples of `unit`.
Estimate in_units(Estimate e, double unit) {
  return {.mean = e.mean / unit, .low = e.low / unit, .high = e.high / unit, .count = e.count};
}

bool is_empty(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

/// Adds a column with a cell for every arm, unless nothing of it was measured for any.
template <class CellOf>
void add_arm_column(Table& table, const ReportData& data, Column column, CellOf cell_of) {
  std::vector<Cell> cells;
  for (const Arm& arm : data.arms) cells.push_back(cell_of(arm));
  if (std::all_of(cells.begin(), cells.end(), is_empty)) return;
  table.columns.push_back(std::move(column));
  for (std::size_t i = 0; i < cells.size(); ++i) table.rows[i].cells.push_back(std::move(cells[i]));
}

/// Throughput as measured, and as a ratio to the reference arm's in the same run.
void add_speed(Table& table, const ReportData& data, const std::string& title,
               Estimate Arm::* speed, const char* help) {
  add_arm_column(table, data,
                 {.title = title,
                  .unit = "images/s",
                  .format = Format::Number,
                  .better = Better::Higher,
                  .help = help},
                 [&](const Arm& arm) -> Cell {
                   if (!is_measured((arm.*speed).mean)) return {};
                   return arm.*speed;
                 });
  const auto reference = std::find_if(data.arms.begin(), data.arms.end(),
                                      [](const Arm& arm) { return arm.reference; });
  if (reference == data.arms.end() || data.arms.size() == 1) return;
  const double base = ((*reference).*speed).mean;
  add_arm_column(table, data,
                 {.title = title + " beside " + reference->label,
                  .format = Format::Times,
                  .better = Better::Higher,
                  .help = "Both divided, where one run measured both by turns."},
                 [&](const Arm& arm) -> Cell {
                   const double ratio = (arm.*speed).mean / base;
                   const bool one_run = arm.speed_run == reference->speed_run;
                   if (!is_measured(ratio)) return {};
                   return one_run ? Cell(ratio) : Cell("not comparable");
                 });
}

void add_sizes(Table& table, const ReportData& data) {
  const auto add = [&](Column column, auto cell_of) {
    add_arm_column(table, data, std::move(column), cell_of);
  };
  add({.title = "Parameters",
       .format = Format::Integer,
       .better = Better::Lower,
       .help = "Stored trainable numbers after training, mean over seeds."},
      [](const Arm& arm) { return count_or_nothing(arm.parameters); });
  add({.title = "Compression",
       .format = Format::Percent,
       .better = Better::Higher,
       .help = "One minus the parameters over the reference's."},
      [](const Arm& arm) { return arm.compression ? Cell(*arm.compression) : Cell(); });
  add({.title = "Weights saved",
       .format = Format::Percent,
       .better = Better::Higher,
       .help =
           "Of the numbers of linear maps and convolutions, without biases and norms: one minus "
           "those stored, r (m + n) for rank r, over those of dense weights."},
      [](const Arm& arm) { return is_measured(arm.saved.mean) ? Cell(arm.saved) : Cell(); });
  add({.title = "FLOPs",
       .unit = "millions an image",
       .format = Format::Number,
       .better = Better::Lower,
       .decimals = 1},
      [](const Arm& arm) -> Cell {
        const auto millions = in_units(arm.flops, 1e6);
        if (!is_measured(millions.mean)) return {};
        return millions.low < millions.high ? Cell(millions) : Cell(millions.mean);
      });
}

}  // namespace

Table arm_table(const ReportData& data) {
  Table table{.id = "arms", .title = "Accuracy, size and speed"};
  table.rows.resize(data.arms.size());
  const auto add = [&](Column column, auto cell_of) {
    add_arm_column(table, data, std::move(column), cell_of);
  };
  add({.title = "Arm"}, [](const Arm& arm) -> Cell { return arm.label; });
  add({.title = "Accuracy",
       .format = Format::Percent,
       .better = Better::Higher,
       .help = "On the held-out images, mean over seeds with its 95 % interval."},
      [](const Arm& arm) { return is_measured(arm.accuracy.mean) ? Cell(arm.accuracy) : Cell(); });
  add_sizes(table, data);
  add_speed(table, data, "Forward", &Arm::forward_speed, "The best round.");
  add_speed(table, data, "Training", &Arm::training_speed,
            "Whole steps of the arm's own optimiser, the best round.");
  add({.title = "Weights"},
      [](const Arm& arm) { return arm.description.empty() ? Cell() : Cell(arm.description); });
  table.shown = table.columns.size() > 1;
  // Lines of charts that stand for no network have a label and nothing else.
  const auto empty = [](const Row& row) {
    return std::all_of(row.cells.begin() + 1, row.cells.end(), is_empty);
  };
  if (table.shown) std::erase_if(table.rows, empty);
  return table;
}

}  // namespace ranklens::report
