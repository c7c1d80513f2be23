#include "ranklens/report/study_trades.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "ranklens/study/arms.h"
#include "ranklens/study/sizes.h"

namespace ranklens::report {
namespace {

using study::Results;

/// Arms by network, in their order, where three of them or more save other shares.
std::map<std::string, std::vector<std::string>> stored_families(const Results& results) {
  std::map<std::string, std::vector<std::string>> found;
  for (const auto& name : results.config.arms) {
    if (!study::saved_of(results.cells, name).empty())
      found[study::arm(results.config, name).network].push_back(name);
  }
  std::erase_if(found, [&](const auto& family) {
    std::set<long> tenths;  // of a percent
    for (const auto& name : family.second)
      tenths.insert(std::lround(1000 * study::mean(study::saved_of(results.cells, name))));
    return tenths.size() < 3;
  });
  return found;
}

using CellNumber = std::function<std::optional<double>(const study::Cell&)>;

struct Trade {
  const char *id, *title, *note, *x_title;
  CellNumber x;
};

Chart trade_chart_of(const Results& results, const Trade& trade) {
  Chart chart{.id = trade.id,
              .title = trade.title,
              .note = trade.note,
              .x_title = trade.x_title,
              .y_title = "held-out accuracy (%)"};
  for (const auto& [network, names] : stored_families(results)) {
    std::map<std::uint64_t, std::vector<const study::Cell*>> by_seed;
    for (const auto& cell : results.cells) {
      const bool own = std::find(names.begin(), names.end(), cell.arm) != names.end();
      if (own && cell.failure.empty() && trade.x(cell)) by_seed[cell.seed].push_back(&cell);
    }
    for (auto& [seed, cells] : by_seed) {
      std::sort(cells.begin(), cells.end(),
                [&](const auto* a, const auto* b) { return *trade.x(*a) < *trade.x(*b); });
      ChartLine line{.arm = network, .seed = seed};
      for (const auto* cell : cells) {
        line.x.push_back(*trade.x(*cell));
        line.y.push_back(100 * cell->accuracy);
        line.places.push_back(study::arm_label(cell->arm));
      }
      chart.lines.push_back(std::move(line));
    }
  }
  return chart;
}

/// Images per second of the cell's arm; nothing where speeds come from several runs.
CellNumber speed_of(const Results& results, double study::Speed::* speed) {
  std::set<std::string> runs;
  for (const auto& name : results.config.arms) {
    const auto found = results.speeds.find(name);
    runs.insert(found == results.speeds.end() ? "" : found->second.run);
  }
  const bool comparable = runs.size() == 1 && !runs.contains("");
  return [&results, speed, comparable](const study::Cell& cell) -> std::optional<double> {
    const auto found = results.speeds.find(cell.arm);
    if (!comparable || found == results.speeds.end()) return std::nullopt;
    return found->second.*speed;
  };
}

}  // namespace

void add_trades(const Results& results, ReportData& data) {
  const Trade trades[] = {
      {"trade-weights", "Accuracy over the weights saved",
       "r (m + n) numbers for rank r, without biases and norms", "weights saved (%)",
       [](const study::Cell& cell) -> std::optional<double> {
         if (cell.dense_weights <= 0) return std::nullopt;
         return 100 *
                (1 - static_cast<double>(cell.weights) / static_cast<double>(cell.dense_weights));
       }},
      {"trade-flops", "Accuracy over FLOPs", "", "millions of FLOPs an image",
       [](const study::Cell& cell) -> std::optional<double> {
         if (cell.flops <= 0) return std::nullopt;
         return 1e-6 * static_cast<double>(cell.flops);
       }},
      {"trade-forward", "Accuracy over measured speed, forward", "networks of the first seed",
       "images/s", speed_of(results, &study::Speed::forward)},
      {"trade-training", "Accuracy over measured speed, training", "networks of the first seed",
       "images/s", speed_of(results, &study::Speed::training)}};
  bool any = false;
  for (const auto& trade : trades) {
    auto chart = trade_chart_of(results, trade);
    if (chart.lines.empty()) continue;
    data.charts.push_back(std::move(chart));
    any = true;
  }
  if (!any) return;
  data.chart_title = data.chart_title.empty()
                         ? "Accuracy against size and speed"
                         : data.chart_title + ", and accuracy against size and speed";
  for (const auto& [network, names] : stored_families(results)) {
    const bool there = std::any_of(data.arms.begin(), data.arms.end(),
                                   [&](const Arm& arm) { return arm.id == network; });
    if (!there) data.arms.push_back({.id = network, .label = network});
  }
}

}  // namespace ranklens::report
