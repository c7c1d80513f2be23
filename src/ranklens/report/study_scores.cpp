#include "ranklens/report/study_scores.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "ranklens/explain/methods.h"
#include "ranklens/metrics/registry.h"
#include "ranklens/report/labels.h"
#include "ranklens/study/keys.h"
#include "ranklens/study/questions.h"

namespace ranklens::report {
namespace {

using study::Results;

/// Whether the maps are made without a network: one set for all arms.
bool is_armless(const std::string& id) {
  const auto& all = explain::methods();
  return std::any_of(all.begin(), all.end(), [&](const explain::Method& method) {
    return method.name == id && !method.needs_network;
  });
}

/// Every method, control and pair that a cell has scores of: methods as they were asked for, then
/// the same on untrained networks, then what knows nothing of networks, then pairs.
std::vector<std::string> methods_in(const Results& results) {
  std::set<std::string> there;
  for (const auto& cell : results.cells) {
    for (const auto& [method, values] : cell.scores) there.insert(method);
    for (const auto& [pair, values] : cell.agreement) there.insert(pair);
  }
  std::vector<std::string> order;
  const auto take = [&](const std::string& id) {
    if (there.erase(id) > 0) order.push_back(id);
  };
  // Grids name these, whether or not a cell is finished.
  for (const auto& spec : results.config.methods) {
    there.insert(study::method_name(spec));
    take(study::method_name(spec));
  }
  for (const auto& spec : results.config.methods)
    take(study::untrained_key(study::method_name(spec)));
  for (const auto& method : explain::methods()) take(std::string(method.name));
  order.insert(order.end(), there.begin(), there.end());
  return order;
}

std::string description_of(const std::string& id) {
  if (const auto of = study::untrained_method(id)) {
    return study::pair_methods(*of)
               ? "agreement of the two maps of an image on the network before its training"
               : "the same method on the network before its training";
  }
  if (study::pair_methods(id)) return "agreement of the two maps of an image";
  const auto& all = explain::methods();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const explain::Method& method) { return method.name == id; });
  return found == all.end() ? "" : std::string(found->summary);
}

Method method_of(const std::string& id, const Results& results) {
  const bool listed = std::any_of(results.config.methods.begin(), results.config.methods.end(),
                                  [&](const auto& spec) { return study::method_name(spec) == id; });
  return {.id = id,
          .label = method_label(id),
          .description = description_of(id),
          .control = !listed && (study::untrained_method(id) || !study::pair_methods(id))};
}

/// `arm` empty: the metrics of an armless control that need no network.
/// `cut` gets the names of metrics whose interval is.
Score score_of(const std::string& arm, const std::string& method, const Results& results,
               std::set<std::string>& cut) {
  Score score{.arm = arm, .method = method, .values = {}};
  const bool armless = is_armless(method);
  for (const auto& metric : metrics::all()) {
    if (armless && metric.needs.model == arm.empty()) continue;
    const std::string name(metric.name);
    const auto values = study::over_seeds(results.cells, arm, [&](const study::Cell& cell) {
      return study::value_of(cell, method, name);
    });
    if (values.empty()) continue;
    const auto whole = estimate(values);
    score.values[name] = within_bounds(whole, name);
    if (is_cut(whole, score.values[name])) cut.insert(name);
  }
  return score;
}

void add_metrics(ReportData& data) {
  std::set<std::string> used;
  for (const auto& score : data.scores) {
    for (const auto& [name, value] : score.values) used.insert(name);
  }
  for (const auto& metric : metrics::all()) {
    const std::string name(metric.name);
    if (!used.contains(name)) continue;
    const auto [label, unit] = metric_label(name);
    const bool higher = metric.direction == metrics::Direction::higher;
    data.metrics.push_back({.id = name,
                            .label = label,
                            .family = std::string(metrics::to_string(metric.family)),
                            .unit = unit,
                            .better = higher ? Better::Higher : Better::Lower,
                            .description = capitalised(std::string(metric.summary)) + " (" +
                                           std::string(metric.source) + ")."});
  }
}

}  // namespace

bool is_cut(const Estimate& whole, const Estimate& shown) {
  return whole.low < shown.low || whole.high > shown.high;
}

std::set<std::string> add_scores(const Results& results, ReportData& data) {
  std::set<std::string> cut;
  for (const auto& method : methods_in(results)) {
    data.methods.push_back(method_of(method, results));
    auto arms = results.config.arms;
    if (is_armless(method)) arms.insert(arms.begin(), "");
    for (const auto& arm : arms) {
      auto score = score_of(arm, method, results, cut);
      if (!score.values.empty()) data.scores.push_back(std::move(score));
    }
  }
  add_metrics(data);
  std::set<std::string> labels;
  for (const auto& name : cut) labels.insert(metric_label(name).label);
  return labels;
}

}  // namespace ranklens::report
