#include "ranklens/report/study_page.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/curve.h"
#include "ranklens/report/labels.h"
#include "ranklens/report/observed_charts.h"
#include "ranklens/report/study_entropies.h"
#include "ranklens/report/study_notes.h"
#include "ranklens/report/study_pictures.h"
#include "ranklens/report/study_published.h"
#include "ranklens/report/study_rates.h"
#include "ranklens/report/study_scores.h"
#include "ranklens/report/study_trades.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/keys.h"
#include "ranklens/study/loss_by_seconds.h"
#include "ranklens/study/sizes.h"

namespace ranklens::report {
namespace {

using study::Results;

Estimate accuracy_of(const Results& results, const std::string& arm) {
  return estimate(study::over_seeds(
      results.cells, arm, [](const study::Cell& cell) { return std::optional(cell.accuracy); }));
}

Verdict verdict_of(const study::Answer& answer, const Results& results) {
  Verdict verdict;
  verdict.claim = answer.claim;
  verdict.arm = answer.arm;
  // The sentence without the arm, under whose name the page puts it.
  const std::string prefix = answer.samples.first + ": ";
  if (answer.claim.text.starts_with(prefix))
    verdict.question = capitalised(answer.claim.text.substr(prefix.size()));
  verdict.verdict = answer.verdict;
  verdict.measure =
      fmt::format("{}, {} − {}", answer.measure, answer.samples.first, answer.samples.second);
  verdict.unit = answer.unit;
  // The tendency, not the outcome: whether accuracies agree is a remark, not a verdict of its own.
  if (answer.accuracy.difference.count > 1) verdict.accuracy_matched = answer.accuracy.tendency;
  const double ours = accuracy_of(results, answer.arm).mean,
               theirs = accuracy_of(results, answer.reference).mean;
  if (std::isnan(ours) || std::isnan(theirs)) return verdict;
  verdict.accuracy_note =
      fmt::format("{:.2f}\u00A0% against {:.2f}\u00A0%", 100 * ours, 100 * theirs);
  return verdict;
}

Arm arm_of(const std::string& name, const Results& results) {
  Arm arm;
  arm.id = name;
  arm.label = study::arm_label(name);
  arm.reference = name == results.config.arms.front();
  arm.description = study::storage_of(results.cells, name);
  const auto parameters = study::parameters_of(results.cells, name);
  const double reference =
      study::mean(study::parameters_of(results.cells, results.config.arms.front()));
  arm.parameters = estimate(parameters);
  arm.flops = estimate(study::flops_of(results.cells, name));
  arm.saved = within(estimate(study::saved_of(results.cells, name)), 0, 1);
  if (reference > 0 && !parameters.empty())
    arm.compression = 1 - study::mean(parameters) / reference;
  arm.accuracy = within(accuracy_of(results, name), 0, 1);
  if (const auto speed = results.speeds.find(name); speed != results.speeds.end()) {
    arm.forward_speed.mean = speed->second.forward;
    arm.training_speed.mean = speed->second.training;
    // What no run is known of is comparable with nothing else.
    arm.speed_run = speed->second.run.empty() ? "unknown, " + name : speed->second.run;
  }
  return arm;
}

/// Stages in the order in which they happen, arms in theirs.
void add_stages(const Results& results, ReportData& data) {
  std::vector<std::string> order{"train", "validate", "evaluate", "explain", "measure", "other"};
  bool whole = true;
  for (const auto& cell : results.cells) {
    whole = whole && cell.seconds.contains("other");
    for (const auto& [stage, value] : cell.seconds) {
      if (std::find(order.begin(), order.end(), stage) == order.end()) order.push_back(stage);
    }
  }
  for (const auto& stage : order) {
    for (const auto& arm : results.config.arms) {
      double sum = 0;
      for (const auto& cell : results.cells) {
        const auto found = cell.seconds.find(stage);
        if (cell.arm == arm && found != cell.seconds.end()) sum += found->second;
      }
      if (sum > 0) data.stages.push_back({stage, arm, sum});
    }
  }
  data.stage_note =
      "By the clock, summed over seeds and processes. train: its steps; validate: a look at the "
      "held-out images after each epoch; other: building, loading, checkpoints, writing. ";
  data.stage_note += whole ? "They add up to the time that the networks took."
                           : "Some networks come from an earlier version, which left validate and "
                             "other out.";
}

void add_facts(const Results& results, const study::Selection& images, ReportData& data) {
  const auto& config = results.config;
  const auto add = [&](std::string key, std::string value) {
    if (!value.empty()) data.facts.emplace_back(std::move(key), std::move(value));
  };
  add("Data", config.data.substr(0, config.data.find(':')));
  add("Training images", study::provenance(results.cells, "training images"));
  add("Held-out images", study::provenance(results.cells, "held-out images"));
  add("Networks trained",
      std::to_string(std::count_if(results.cells.begin(), results.cells.end(),
                                   [](const study::Cell& cell) { return cell.failure.empty(); })));
  add("Seeds", std::to_string(config.seeds.size()));
  add("Epochs", std::to_string(config.epochs));
  add("Images explained", std::to_string(study::distinct(images).size()));
}

/// Ranks and what truncations cut off, where an arm's optimiser observes them, below what the ranks
/// are worth.
void add_ranks(const Results& results, ReportData& data) {
  add_trades(results, data);
  std::vector<ObservedRun> runs;
  for (const auto& cell : results.cells) runs.push_back({cell.arm, cell.seed, cell.history});
  auto charts = observed_charts(runs);
  if (charts.empty()) return;
  data.chart_title = data.chart_title.empty() ? "Ranks" : data.chart_title + ", and ranks";
  for (auto& chart : charts) data.charts.push_back(std::move(chart));
}

/// What was compared.
std::string lead_of(const Results& results, const study::Selection& images) {
  const auto& config = results.config;
  std::vector<std::string> arms, methods;
  for (const auto& name : config.arms) arms.push_back(study::arm_label(name));
  for (const auto& spec : config.methods) methods.push_back(method_label(study::method_name(spec)));
  const auto seeds = config.seeds.size(), shown = study::distinct(images).size();
  const bool heads = std::none_of(config.arms.begin(), config.arms.end(), [&](const auto& name) {
    return study::arm(config, name).recipe;
  });
  return fmt::format(
      "{}: {}. Trained on the same batches from {} seed{}. {} maps "
      "of {} image{}{}.",
      heads ? "Networks that differ in their head" : "Networks and what trains them",
      fmt::join(arms, ", "), seeds, seeds == 1 ? "" : "s", fmt::join(methods, " and "), shown,
      shown == 1 ? "" : "s",
      images.data.masks.defined() ? ", measured against the masks of their objects" : "");
}

/// The recipes of the arms that take part.
std::vector<std::string> taking_part(const study::Config& config) {
  std::vector<std::string> texts;
  for (const auto& name : config.arms) {
    if (const auto arm = study::arm(config, name); arm.recipe)
      texts.push_back(name + " = " + study::recipe_text(arm));
  }
  return texts;
}

std::string text_of(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const auto& item : value) text += (text.empty() ? "" : ", ") + text_of(item);
  return text;
}

}  // namespace

ReportData study_page(const Results& results, const study::Selection& images,
                      const std::string& command) {
  const auto& config = results.config;
  ReportData data;
  data.title = config.title;
  data.lead = lead_of(results, images);
  data.command = command;
  add_facts(results, images, data);
  add_notes(results, images, data);
  add_rates(results, data);
  add_published(results, data);
  for (const auto& answer : results.answers) data.verdicts.push_back(verdict_of(answer, results));
  std::set<std::string> cut;
  for (const auto& name : config.arms) {
    data.arms.push_back(arm_of(name, results));
    if (is_cut(accuracy_of(results, name), data.arms.back().accuracy)) cut.insert("Accuracy");
  }
  const auto clock = study::clock_of(results.cells);
  data.seconds_title = seconds_title(clock);
  for (const auto& cell : results.cells)
    data.curves.push_back(curve_of(cell.arm, cell.seed, cell.history, clock));
  add_entropies(results, data);
  add_ranks(results, data);
  cut.merge(add_scores(results, data));
  if (!cut.empty()) {
    data.notes.push_back(
        fmt::format("Intervals are cut where the number ends ({}): Student's t over a few seeds "
                    "knows no bounds.",
                    fmt::join(cut, "; ")));
  }
  add_pictures(results, images, data);
  add_stages(results, data);
  auto settings = study::to_json(config);
  settings.erase("recipes");
  if (const auto recipes = taking_part(config); !recipes.empty()) settings["recipes"] = recipes;
  for (const auto& [key, value] : settings.items())
    data.configuration.push_back({"", key, text_of(value)});
  if (!results.cells.empty()) {
    for (const auto& [key, value] : results.cells.front().provenance)
      data.provenance.emplace_back(
          key, fmt::format("{}", fmt::join(provenance_values(results, key), ", ")));
  }
  return data;
}

}  // namespace ranklens::report
