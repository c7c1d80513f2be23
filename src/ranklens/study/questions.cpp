#include "ranklens/study/questions.h"

#include <cmath>
#include <functional>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "ranklens/explain/labels.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/keys.h"

namespace ranklens::study {
namespace {

using Number = std::function<std::optional<double>(const Cell&)>;

struct Question {
  /// The first "{}" stands for the arm's label, a second one for "fewer" or what is the case.
  std::string text;
  std::string measure, unit;
  Relation relation;
  double threshold = 0;
  bool at_convergence = false;
  Number number;
};

/// The mean over the epochs: an area under the curve, lower for a loss that falls faster.
Number mean_over_epochs(double train::EpochMetrics::* member) {
  return [=](const Cell& cell) -> std::optional<double> {
    double sum = 0;
    for (const auto& epoch : cell.history) sum += epoch.*member;
    const double mean = sum / static_cast<double>(cell.history.size());
    return std::isfinite(mean) ? std::optional(mean) : std::nullopt;
  };
}

Number mean_of(std::string key, std::string metric) {
  return [=](const Cell& cell) { return value_of(cell, key, metric); };
}

bool any_has(const std::vector<Cell>& cells, const Number& number) {
  for (const auto& cell : cells) {
    if (cell.failure.empty() && number(cell)) return true;
  }
  return false;
}

void ask_localised(const Config& config, const std::vector<Cell>& cells,
                   std::vector<Question>& questions) {
  for (const auto& spec : config.methods) {
    const auto method = method_name(spec);
    const auto label = explain::method_label(method);
    const auto mass = mean_of(method, "mass_accuracy");
    if (any_has(cells, mass)) {
      questions.push_back({"{}: the " + label + " maps lie more on the object",
                           "share of the " + label + " map's mass inside the object's mask", "",
                           Relation::greater, 0, false, mass});
    }
    questions.push_back({"{}: the " + label + " maps are more concentrated",
                         "Gini index of the " + label + " map", "", Relation::greater, 0, false,
                         mean_of(method, "gini")});
  }
}

std::vector<Question> questions_for(const Config& config, const std::vector<Cell>& cells) {
  std::vector<Question> questions{
      {"{}: the training loss falls faster", "training loss, mean over the epochs", "nats",
       Relation::less, 0, false, mean_over_epochs(&train::EpochMetrics::loss)},
      {"{}: the held-out loss falls faster", "held-out loss, mean over the epochs", "nats",
       Relation::less, 0, false, mean_over_epochs(&train::EpochMetrics::validation_loss)}};
  ask_localised(config, cells, questions);
  for (std::size_t a = 0; a < config.methods.size(); ++a) {
    for (std::size_t b = a + 1; b < config.methods.size(); ++b) {
      const auto first = method_name(config.methods[a]), second = method_name(config.methods[b]);
      questions.push_back({"{}: " + explain::method_label(first) + " and " +
                               explain::method_label(second) + " agree more",
                           "rank correlation of the two maps of an image", "", Relation::greater, 0,
                           false, mean_of(pair_key(first, second), "spearman")});
    }
  }
  questions.push_back({"{}: accuracy is kept with {} parameters", "held-out accuracy", "",
                       Relation::greater, -config.accuracy_margin, true,
                       [](const Cell& cell) { return std::optional(cell.accuracy); }});
  return questions;
}

/// 0 as long as the arm has no cell.
std::int64_t parameters_of(const std::vector<Cell>& cells, const std::string& arm) {
  for (const auto& cell : cells)
    if (cell.arm == arm) return cell.parameters;
  return 0;
}

/// What one arm's parameters are against the reference's: a claim of fewer must not stand over
/// more.
std::string_view against(std::int64_t parameters, std::int64_t reference) {
  if (parameters < reference || parameters == 0 || reference == 0) return "fewer";
  return parameters > reference ? "more" : "as many";
}

PairedSamples samples_of(const Question& question, const Config& config,
                         const std::vector<Cell>& cells, const std::string& name) {
  auto samples = pair_by_seed(over_seeds(cells, name, question.number),
                              over_seeds(cells, config.arms.front(), question.number));
  samples.first = arm(name).label;
  samples.second = arm(config.arms.front()).label;
  samples.epochs = config.epochs;
  samples.full_epochs = config.full_epochs;
  return samples;
}

}  // namespace

std::vector<Answer> answer(const Config& config, const std::vector<Cell>& cells) {
  std::vector<Answer> answers;
  const auto questions = questions_for(config, cells);
  for (std::size_t k = 1; k < config.arms.size(); ++k) {
    const auto& name = config.arms[k];
    for (const auto& question : questions) {
      Answer item;
      item.claim = {.text = fmt::format(fmt::runtime(question.text), arm(name).label,
                                        against(parameters_of(cells, name),
                                                parameters_of(cells, config.arms.front()))),
                    .relation = question.relation,
                    .threshold = question.threshold,
                    .at_convergence = question.at_convergence};
      item.arm = name;
      item.reference = config.arms.front();
      item.measure = question.measure;
      item.unit = question.unit;
      item.samples = samples_of(question, config, cells, name);
      item.verdict = judge(item.claim, item.samples);
      item.accuracy = accuracy_matched(samples_of(questions.back(), config, cells, name),
                                       config.accuracy_margin);
      answers.push_back(std::move(item));
    }
  }
  return answers;
}

}  // namespace ranklens::study
