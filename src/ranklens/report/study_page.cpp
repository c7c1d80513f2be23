#include "ranklens/report/study_page.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/metrics/registry.h"
#include "ranklens/report/study_pictures.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/make_cell.h"

namespace ranklens::report {
namespace {

using study::Cell;
using study::Results;

Better better(metrics::Direction direction) {
  return direction == metrics::Direction::higher ? Better::Higher : Better::Lower;
}

Estimate estimate(const study::Summary& summary) {
  if (summary.count == 0) return {};
  const bool interval = summary.count > 1;
  const double none = std::nan("");
  return {summary.mean, interval ? summary.lower : none, interval ? summary.upper : none,
          static_cast<int>(summary.count)};
}

Estimate estimate(const std::vector<study::SeedValue>& values) {
  return values.empty() ? Estimate{} : estimate(study::summarise(values));
}

double mean_accuracy(const Results& results, const std::string& arm) {
  return estimate(study::over_seeds(results.cells, arm,
                                    [](const Cell& cell) { return std::optional(cell.accuracy); }))
      .mean;
}

Verdict verdict_of(const study::Answer& answer, const Results& results) {
  Verdict verdict;
  verdict.claim = answer.claim;
  verdict.verdict = answer.verdict;
  verdict.measure =
      fmt::format("{}, {} − {}", answer.measure, answer.samples.first, answer.samples.second);
  verdict.unit = answer.unit;
  // The tendency, not the outcome: whether accuracies agree is a remark, not a verdict of its own.
  if (answer.accuracy.difference.count > 1) verdict.accuracy_matched = answer.accuracy.tendency;
  verdict.accuracy_note =
      fmt::format("{:.2f} % against {:.2f} %", 100 * mean_accuracy(results, answer.arm),
                  100 * mean_accuracy(results, answer.reference));
  return verdict;
}

Arm arm_of(const std::string& name, const Results& results) {
  Arm arm;
  arm.id = name;
  arm.label = study::arm(name).label;
  arm.reference = name == results.config.arms.front();
  std::int64_t reference = 0;
  for (const auto& cell : results.cells) {
    if (cell.arm == results.config.arms.front()) reference = cell.parameters;
    if (cell.arm != name) continue;
    arm.parameters = cell.parameters;
    arm.description = cell.head;
  }
  if (reference > 0 && arm.parameters > 0) {
    arm.compression = 1 - static_cast<double>(arm.parameters) / static_cast<double>(reference);
  }
  arm.accuracy = estimate(study::over_seeds(
      results.cells, name, [](const Cell& cell) { return std::optional(cell.accuracy); }));
  if (const auto speed = results.throughput.find(name); speed != results.throughput.end()) {
    arm.forward_speed.mean = speed->second.forward;
    arm.training_speed.mean = speed->second.training;
  }
  return arm;
}

Curve curve_of(const Cell& cell) {
  Curve curve;
  curve.arm = cell.arm;
  curve.seed = cell.seed;
  double seconds = 0;
  for (const auto& epoch : cell.history) {
    curve.epoch.push_back(static_cast<double>(epoch.epoch));
    curve.seconds.push_back(seconds += epoch.seconds);
    curve.train_loss.push_back(epoch.loss);
    curve.train_accuracy.push_back(epoch.accuracy);
    curve.validation_loss.push_back(epoch.validation_loss);
    curve.validation_accuracy.push_back(epoch.validation_accuracy);
  }
  return curve;
}

/// Every method and every pair of methods that a cell has scores of, in a readable order.
std::vector<std::string> methods_in(const Results& results) {
  std::vector<std::string> order;
  for (const auto& spec : results.config.methods) order.push_back(study::method_name(spec));
  std::set<std::string> rest;
  for (const auto& cell : results.cells) {
    for (const auto& [method, values] : cell.scores) rest.insert(method);
    for (const auto& [pair, values] : cell.agreement) rest.insert(pair);
  }
  for (const auto& method : order) rest.erase(method);
  order.insert(order.end(), rest.begin(), rest.end());
  return order;
}

Method method_of(const std::string& id, const Results& results) {
  const bool listed = std::any_of(results.config.methods.begin(), results.config.methods.end(),
                                  [&](const auto& spec) { return study::method_name(spec) == id; });
  const bool pair = id.find('~') != std::string::npos;
  return {.id = id,
          .label = pair ? id.substr(0, id.find('~')) + " with " + id.substr(id.find('~') + 1) : id,
          .description = pair ? "agreement of the two maps of an image" : "",
          .control = !listed && !pair};
}

const study::Values* values_of(const Cell& cell, const std::string& method) {
  if (const auto found = cell.scores.find(method); found != cell.scores.end())
    return &found->second;
  if (const auto found = cell.agreement.find(method); found != cell.agreement.end())
    return &found->second;
  return nullptr;
}

Score score_of(const std::string& arm, const std::string& method, const Results& results) {
  Score score{.arm = arm, .method = method, .values = {}};
  for (const auto& metric : metrics::all()) {
    const std::string name(metric.name);
    const auto values =
        study::over_seeds(results.cells, arm, [&](const Cell& cell) -> std::optional<double> {
          const auto* all = values_of(cell, method);
          const auto found = all == nullptr ? study::Values::const_iterator{} : all->find(name);
          return all == nullptr || found == all->end() ? std::nullopt
                                                       : std::optional(found->second);
        });
    if (!values.empty()) score.values[name] = estimate(values);
  }
  return score;
}

void add_metrics(const std::vector<Score>& scores, ReportData& data) {
  std::set<std::string> used;
  for (const auto& score : scores) {
    for (const auto& [name, value] : score.values) used.insert(name);
  }
  for (const auto& metric : metrics::all()) {
    if (!used.contains(std::string(metric.name))) continue;
    data.metrics.push_back({.id = std::string(metric.name),
                            .label = std::string(metric.name),
                            .family = std::string(metrics::to_string(metric.family)),
                            .unit = "",
                            .better = better(metric.direction),
                            .description = std::string(metric.summary)});
  }
}

void add_stages(const Results& results, ReportData& data) {
  std::map<std::pair<std::string, std::string>, double> seconds;
  for (const auto& cell : results.cells) {
    for (const auto& [stage, value] : cell.seconds) seconds[{stage, cell.arm}] += value;
  }
  for (const auto& [key, value] : seconds) data.stages.push_back({key.first, key.second, value});
}

void add_notes(const Results& results, ReportData& data) {
  const auto wanted = results.config.arms.size() * results.config.seeds.size();
  if (results.cells.size() < wanted) {
    data.notes.push_back(fmt::format("{} of {} runs are finished; the numbers are of those.",
                                     results.cells.size(), wanted));
  }
  if (results.config.epochs < results.config.full_epochs) {
    data.notes.push_back(fmt::format(
        "Trained for {} of the recipe's {} epochs: claims about converged accuracy stay undecided.",
        results.config.epochs, results.config.full_epochs));
  }
  if (results.config.seeds.size() < 5) {
    data.notes.push_back(
        "A verdict needs at least 5 seeds; with fewer it stays undecided, and the interval's own "
        "tendency is given.");
  }
  for (const auto& cell : results.cells) {
    if (!cell.failure.empty())
      data.notes.push_back(study::cell_name(cell.arm, cell.seed) + ": " + cell.failure);
  }
}

std::string text_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

ReportData study_page(const Results& results, const study::Selection& images,
                      const std::string& command) {
  const auto& config = results.config;
  ReportData data;
  data.title = config.title;
  data.lead =
      fmt::format("{} arms, {} seeds, {} epochs on {}; maps of {} images.", config.arms.size(),
                  config.seeds.size(), config.epochs, config.data, images.data.size());
  data.command = command;
  add_notes(results, data);
  for (const auto& answer : results.answers) data.verdicts.push_back(verdict_of(answer, results));
  for (const auto& name : config.arms) data.arms.push_back(arm_of(name, results));
  for (const auto& cell : results.cells) data.curves.push_back(curve_of(cell));
  for (const auto& method : methods_in(results)) {
    data.methods.push_back(method_of(method, results));
    for (const auto& arm : config.arms) {
      auto score = score_of(arm, method, results);
      if (!score.values.empty()) data.scores.push_back(std::move(score));
    }
  }
  add_metrics(data.scores, data);
  add_pictures(results, images, data);
  add_stages(results, data);
  const auto settings = study::to_json(config);
  for (const auto& [key, value] : settings.items())
    data.configuration.push_back({"study", key, text_of(value)});
  if (!results.cells.empty()) {
    for (const auto& [key, value] : results.cells.front().provenance)
      data.provenance.emplace_back(key, value);
  }
  return data;
}

}  // namespace ranklens::report
