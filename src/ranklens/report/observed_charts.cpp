#include "ranklens/report/observed_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "ranklens/train/observed.h"

namespace ranklens::report {
namespace {

using History = std::vector<train::EpochMetrics>;

/// A quantity by the start of its names.
struct Quantity {
  const char *prefix, *id, *title, *summed_title, *note, *y_title;
  bool sum;        ///< over weights; else the largest
  bool logarithm;  ///< to the base 10
};
constexpr Quantity kQuantities[] = {
    {"rank/", "ranks", "Ranks", "Ranks, summed over the weights", "", "rank", true, false},
    {"params/", "numbers", "Numbers of the weights", "Numbers of the weights, together", "",
     "numbers", true, false},
    {"cut/", "cuts", "What the last truncation of the epoch cut off",
     "What the last truncations of the epoch cut off, at most", "0: nothing",
     "share of the weight's norm", false, false},
    {"drift/", "drifts", "How far bases are from orthonormal",
     "How far bases are from orthonormal, at most", "rounding errors of single precision: -7",
     "log10 of |U^T U - 1|", false, true}};

/// Of "rank/head.weight" the name "head"; empty where it is another quantity's.
std::string weight_of(const std::string& name, const Quantity& quantity) {
  const std::string prefix = quantity.prefix;
  if (!name.starts_with(prefix)) return {};
  auto weight = name.substr(prefix.size());
  const std::string plain = ".weight";
  if (const auto at = weight.rfind(plain); at != std::string::npos) weight.erase(at, plain.size());
  return weight;
}

double drawn(const Quantity& quantity, double value) {
  if (!quantity.logarithm) return value;
  return value > 0 ? std::log10(value) : std::numeric_limits<double>::quiet_NaN();
}

/// All weights of an epoch together; nothing where none was observed.
std::optional<double> together(const train::EpochMetrics& epoch, const Quantity& quantity) {
  std::optional<double> all;
  for (const auto& [name, value] : epoch.observed) {
    if (weight_of(name, quantity).empty()) continue;
    if (!all)
      all = value;
    else
      all = quantity.sum ? *all + value : std::max(*all, value);
  }
  return all;
}

Chart chart_of(const Quantity& quantity, const char* title) {
  return {.id = quantity.id,
          .title = title,
          .note = quantity.note,
          .x_title = "epoch",
          .y_title = quantity.y_title};
}

void add_point(ChartLine& line, const train::EpochMetrics& epoch, double value) {
  line.x.push_back(static_cast<double>(epoch.epoch));
  line.y.push_back(value);
}

/// Ranks say it all where the numbers of weights never change.
bool is_told(const Chart& chart) {
  if (chart.id != "numbers") return !chart.lines.empty();
  return std::any_of(chart.lines.begin(), chart.lines.end(), [](const ChartLine& line) {
    return std::any_of(line.y.begin(), line.y.end(), [&](double y) { return y != line.y.front(); });
  });
}

void keep(std::vector<Chart>& charts, Chart chart) {
  if (is_told(chart)) charts.push_back(std::move(chart));
}

/// Of trains of many bonds, the rank of each where the last epoch left it.
Chart bond_chart(const History& history) {
  Chart chart{.id = "bonds",
              .title = "Ranks by bond",
              .note = "after the last epoch; bond k lies between cores k and k + 1",
              .x_title = "bond",
              .y_title = "rank"};
  if (history.empty()) return chart;
  for (const auto& [name, ranks] : train::by_bond(history.back().observed)) {
    if (ranks.size() <= train::kFewBonds) continue;
    ChartLine line{.arm = weight_of(name, kQuantities[0])};
    for (std::size_t k = 0; k < ranks.size(); ++k) line.x.push_back(static_cast<double>(k));
    line.y = ranks;
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

}  // namespace

std::vector<Chart> observed_charts(const std::vector<ObservedRun>& runs) {
  std::vector<Chart> charts;
  for (const auto& quantity : kQuantities) {
    auto chart = chart_of(quantity, quantity.summed_title);
    for (const auto& run : runs) {
      ChartLine line{.arm = run.arm, .seed = run.seed};
      for (const auto& epoch : run.history) {
        if (const auto value = together(epoch, quantity))
          add_point(line, epoch, drawn(quantity, *value));
      }
      if (!line.x.empty()) chart.lines.push_back(std::move(line));
    }
    keep(charts, std::move(chart));
  }
  return charts;
}

std::vector<Chart> layer_charts(const History& history) {
  std::vector<Chart> charts;
  for (const auto& quantity : kQuantities) {
    std::map<std::string, ChartLine> lines;
    for (const auto& epoch : history) {
      for (const auto& [name, value] : train::summarised(epoch.observed)) {
        const auto weight = weight_of(name, quantity);
        if (weight.empty()) continue;
        lines[weight].arm = weight;
        add_point(lines[weight], epoch, drawn(quantity, value));
      }
    }
    auto chart = chart_of(quantity, quantity.title);
    for (auto& [weight, line] : lines) chart.lines.push_back(std::move(line));
    keep(charts, std::move(chart));
  }
  keep(charts, bond_chart(history));
  return charts;
}

std::vector<Arm> layer_arms(const History& history) {
  std::set<std::string> weights;
  for (const auto& chart : layer_charts(history))
    for (const auto& line : chart.lines) weights.insert(line.arm);
  std::vector<Arm> arms;
  for (const auto& weight : weights) arms.push_back({.id = weight, .label = weight});
  return arms;
}

}  // namespace ranklens::report
