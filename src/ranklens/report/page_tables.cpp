#include <algorithm>
#include <cctype>
#include <cmath>

#include "ranklens/report/format.h"
#include "ranklens/report/page_parts.h"

namespace ranklens::report {

namespace {

bool measured(double value) { return std::isfinite(value); }

Cell number_or_nothing(double value) { return measured(value) ? Cell(value) : Cell(); }

Table verdict_table(const ReportData& data) {
  Table table{.id = "verdicts", .title = "Verdicts", .shown = false};
  table.columns = {{.title = "claim"},
                   {.title = "outcome"},
                   {.title = "tendency"},
                   {.title = "measure"},
                   {.title = "unit"},
                   {.title = "effect", .format = Format::Number},
                   {.title = "effect size", .format = Format::Number},
                   {.title = "accuracies agree"},
                   {.title = "reason"}};
  for (const Verdict& v : data.verdicts) {
    const auto matched = v.accuracy_matched ? study::to_string(*v.accuracy_matched) : "";
    table.rows.push_back({.cells = {v.claim.text, std::string(study::to_string(v.verdict.outcome)),
                                    std::string(study::to_string(v.verdict.tendency)), v.measure,
                                    v.unit, effect_of(v), number_or_nothing(effect_size(v)),
                                    std::string(matched), v.verdict.reason}});
  }
  return table;
}

Table curve_table(const ReportData& data) {
  Table table{.id = "curves", .title = "Training curves", .shown = false};
  table.columns = {{.title = "arm"}, {.title = "seed"}};
  for (const char* title : {"epoch", data.seconds_title.c_str(), "train loss", "train accuracy",
                            "validation loss", "validation accuracy"})
    table.columns.push_back({.title = title, .format = Format::Number});
  for (const Curve& c : data.curves) {
    for (std::size_t i = 0; i < c.epoch.size(); ++i) {
      Row row{.cells = {arm_label(data, c.arm), std::to_string(c.seed), c.epoch[i]}};
      for (const auto* series : {&c.seconds, &c.train_loss, &c.train_accuracy, &c.validation_loss,
                                 &c.validation_accuracy})
        row.cells.push_back(i < series->size() ? number_or_nothing((*series)[i]) : Cell());
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table chart_table(const ReportData& data, const Chart& chart) {
  Table table{.id = "chart-" + chart.id, .title = chart.title, .note = chart.note, .shown = false};
  if (chart.lines.empty()) {
    table.columns = {{.title = chart.y_title},
                     {.title = "series"},
                     {.title = chart.x_title, .format = Format::Number}};
    for (const auto& dot : chart.dots)
      table.rows.push_back({.cells = {dot.row, dot.series, number_or_nothing(dot.value)}});
    return table;
  }
  table.columns = {{.title = "arm"},
                   {.title = "seed"},
                   {.title = chart.x_title, .format = Format::Number},
                   {.title = chart.y_title, .format = Format::Number}};
  const bool named = std::any_of(chart.lines.begin(), chart.lines.end(),
                                 [](const ChartLine& line) { return !line.places.empty(); });
  if (named) table.columns.push_back({.title = "place"});
  for (const auto& line : chart.lines) {
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      Row row{.cells = {arm_label(data, line.arm), std::to_string(line.seed), line.x[i],
                        number_or_nothing(line.y[i])}};
      if (named) row.cells.emplace_back();
      if (!line.places.empty()) row.cells.back() = line.places[i];
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

/// The metrics of one family: methods as groups of arms, controls last.
Table family_of_metrics(const ReportData& data, const std::string& family) {
  std::string title = family;
  title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  Table table{.id = family_table(family), .title = title};
  table.columns = {{.title = "Map of"}};
  std::vector<std::string> ids;
  for (const Metric& metric : data.metrics) {
    if (metric.family != family) continue;
    ids.push_back(metric.id);
    table.columns.push_back(
        {metric.label, metric.unit, Format::Number, metric.better, metric.description});
  }
  const auto add = [&](const Method& method, const Score& score) {
    const bool any = std::any_of(ids.begin(), ids.end(),
                                 [&](const std::string& id) { return score.values.count(id) > 0; });
    if (score.method != method.id || !any) return;
    const std::string arm = score.arm.empty() ? "" : arm_label(data, score.arm);
    // Controls of an arm stand under their own name, those that know no arm together.
    Row row{.group = !method.control ? method.label
                     : arm.empty()   ? "Controls"
                                     : "Control: " + method.label};
    row.cells.emplace_back(arm.empty() ? method.label : arm);
    for (const std::string& id : ids) {
      const auto found = score.values.find(id);
      row.cells.push_back(found == score.values.end() ? Cell() : Cell(found->second));
    }
    table.rows.push_back(std::move(row));
  };
  for (const bool control : {false, true})
    for (const Method& method : data.methods)
      if (method.control == control)
        for (const Score& score : data.scores) add(method, score);
  return table;
}

/// Sum over the stages that fit.
template <class Fits>
double seconds_of(const ReportData& data, Fits fits) {
  double total = 0;
  for (const Stage& stage : data.stages)
    if (fits(stage)) total += stage.seconds;
  return total;
}

Table stage_table(const ReportData& data) {
  Table table{.id = "stages", .title = "Seconds per stage", .note = data.stage_note};
  std::vector<std::string> stages, arms;
  double longest = 0;
  for (const Stage& s : data.stages) {
    if (std::find(stages.begin(), stages.end(), s.stage) == stages.end()) stages.push_back(s.stage);
    if (std::find(arms.begin(), arms.end(), s.arm) == arms.end()) arms.push_back(s.arm);
    longest = std::max(longest, s.seconds);
  }
  if (arms.size() == 1) arms.clear();  // the total says it all
  const Column seconds{
      .unit = "s", .format = Format::Number, .decimals = std::max(1, decimals(longest))};
  const auto add_column = [&](std::string title) {
    table.columns.push_back(seconds);
    table.columns.back().title = std::move(title);
  };
  table.columns = {{.title = "Stage"}};
  for (const auto& arm : arms) add_column(arm.empty() ? "no arm" : arm_label(data, arm));
  add_column("total");
  stages.emplace_back("");  // the sum over all
  for (const auto& stage : stages) {
    const auto here = [&](const Stage& s) { return stage.empty() || s.stage == stage; };
    Row row{.cells = {stage.empty() ? "total" : stage}};
    for (const auto& arm : arms) {
      const double sum = seconds_of(data, [&](const Stage& s) { return here(s) && s.arm == arm; });
      row.cells.push_back(sum > 0 ? Cell(sum) : Cell());
    }
    row.cells.emplace_back(seconds_of(data, here));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table configuration_table(const ReportData& data) {
  Table table{.id = "configuration", .title = "Settings"};
  table.columns = {{.title = "Setting"}, {.title = "Value"}};
  for (const Setting& s : data.configuration)
    table.rows.push_back({.cells = {s.key, s.value}, .group = s.section});
  return table;
}

Table provenance_table(const ReportData& data) {
  Table table{.id = "provenance", .title = "Made with"};
  table.columns = {{.title = "What"}, {.title = "Value"}};
  for (const auto& [key, value] : data.provenance) table.rows.push_back({.cells = {key, value}});
  return table;
}

}  // namespace

std::string family_table(const std::string& family) {
  std::string id = "metrics-";
  for (const char c : family) {
    const auto letter = static_cast<unsigned char>(c);
    id += std::isalnum(letter) ? static_cast<char>(std::tolower(letter)) : '-';
  }
  return id;
}

std::vector<Table> tables(const ReportData& data) {
  std::vector<Table> result;
  const auto add = [&](bool present, Table table) {
    if (present) result.push_back(std::move(table));
  };
  add(!data.verdicts.empty(), verdict_table(data));
  add(!data.curves.empty(), curve_table(data));
  for (const auto& chart : data.charts) result.push_back(chart_table(data, chart));
  add(!data.arms.empty(), arm_table(data));
  std::vector<std::string> families;
  for (const Metric& metric : data.metrics)
    if (std::find(families.begin(), families.end(), metric.family) == families.end())
      families.push_back(metric.family);
  for (const auto& family : families) {
    Table table = family_of_metrics(data, family);
    const bool any = !table.rows.empty();
    add(any, std::move(table));
  }
  result.insert(result.end(), data.tables.begin(), data.tables.end());
  add(!data.stages.empty(), stage_table(data));
  add(!data.configuration.empty(), configuration_table(data));
  add(!data.provenance.empty(), provenance_table(data));
  return result;
}

}  // namespace ranklens::report
