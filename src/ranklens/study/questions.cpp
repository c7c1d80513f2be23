#include "ranklens/study/questions.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "ranklens/explain/labels.h"
#include "ranklens/metrics/registry.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/keys.h"
#include "ranklens/study/loss_by_seconds.h"
#include "ranklens/study/sizes.h"

namespace ranklens::study {
namespace {

using Number = std::function<std::optional<double>(const Cell&)>;

/// What a number of the same arm must beat.
struct Control {
  std::string name;  ///< plural, for sentences
  Number number;
};

struct Question {
  /// The first "{}" stands for the arm's label, a second one for "fewer" or what is the case.
  std::string text;
  std::string measure, unit;
  Relation relation;
  double threshold = 0;
  bool at_convergence = false;
  Number number;
  /// What has this number, plural, "{}" for the arm's label; and what it must beat.
  std::string subject{};
  std::vector<Control> controls{};
};

/// The mean over the epochs: an area under the curve, lower for a loss that falls faster. Not
/// finite where the loss once was not.
Number mean_over_epochs(double train::EpochMetrics::* member) {
  return [=](const Cell& cell) -> std::optional<double> {
    if (cell.history.empty()) return std::nullopt;
    double sum = 0;
    for (const auto& epoch : cell.history) sum += epoch.*member;
    return sum / static_cast<double>(cell.history.size());
  };
}

/// The same number of those cells that have it as one that can be reckoned with.
Number finite(const Number& number) {
  return [=](const Cell& cell) {
    const auto value = number(cell);
    return value && std::isfinite(*value) ? value : std::nullopt;
  };
}

Number mean_of(std::string key, std::string metric) {
  return [key = std::move(key), metric = std::move(metric)](const Cell& cell) {
    return value_of(cell, key, metric);
  };
}

bool any_has(const std::vector<Cell>& cells, const Number& number) {
  for (const auto& cell : cells) {
    if (cell.failure.empty() && number(cell)) return true;
  }
  return false;
}

/// What maps by `method` must beat in `metric`: maps of a network that knows nothing, and where
/// places count, maps that know nothing. For a metric that does not ask where a pixel lies, noise
/// is no map that knows nothing but a distribution of values, and not a low one: Gini index 1/3.
std::vector<Control> map_controls(const std::string& method, const std::string& metric) {
  std::vector<Control> controls;
  if (metrics::find(metric).needs.mask)
    controls.push_back({"random maps", mean_of("random", metric)});
  controls.push_back({"those of the untrained network", mean_of(untrained_key(method), metric)});
  return controls;
}

void ask_localised(const Config& config, const std::vector<Cell>& cells,
                   std::vector<Question>& questions) {
  for (const auto& spec : config.methods) {
    const auto method = method_name(spec);
    const auto label = explain::method_label(method);
    const auto ask = [&](const char* what, std::string measure, const char* metric) {
      questions.push_back({.text = "{}: the " + label + " maps " + what,
                           .measure = std::move(measure),
                           .unit = "",
                           .relation = Relation::greater,
                           .number = mean_of(method, metric),
                           .subject = "the " + label + " maps of {}",
                           .controls = map_controls(method, metric)});
    };
    if (any_has(cells, mean_of(method, "mass_accuracy")))
      ask("lie more on the object",
          "share of the " + label + " map's mass inside the object's mask", "mass_accuracy");
    ask("are more concentrated", "Gini index of the " + label + " map", "gini");
  }
}

void ask_agreement(const Config& config, const std::vector<Cell>& cells,
                   std::vector<Question>& questions) {
  for (std::size_t a = 0; a < config.methods.size(); ++a) {
    for (std::size_t b = a + 1; b < config.methods.size(); ++b) {
      const auto pair = pair_key(method_name(config.methods[a]), method_name(config.methods[b]));
      const auto both = explain::method_label(method_name(config.methods[a])) + " and " +
                        explain::method_label(method_name(config.methods[b]));
      Question question{
          .text = "{}: " + both + " agree more",
          .measure = "rank correlation of the two maps of an image",
          .unit = "",
          .relation = Relation::greater,
          .number = mean_of(pair, "spearman"),
          .subject = both + " of {}",
          .controls = {{"the agreement of two unrelated maps", [](const Cell&) { return 0.0; }}}};
      // Cells of an earlier version have no agreement on untrained networks.
      const auto untrained = mean_of(untrained_key(pair), "spearman");
      if (any_has(cells, untrained))
        question.controls.push_back({"their agreement on the untrained network", untrained});
      questions.push_back(std::move(question));
    }
  }
}

/// By seed, the seconds that both arms trained.
std::map<std::uint64_t, double> common_seconds(const std::vector<Cell>& cells,
                                               const std::string& first,
                                               const std::string& second) {
  std::map<std::uint64_t, double> seconds;
  for (const auto& cell : cells) {
    if (!cell.failure.empty() || (cell.arm != first && cell.arm != second)) continue;
    const double own = training_seconds(cell.history, clock_of(cells));
    const auto [at, added] = seconds.emplace(cell.seed, own);
    if (!added) at->second = std::min(at->second, own);
  }
  return seconds;
}

/// Of an arm with another optimiser than the reference's, whose epochs may take another time.
Question by_seconds(const Config& config, const std::vector<Cell>& cells, const std::string& name) {
  const auto until = common_seconds(cells, name, config.arms.front());
  const auto clock = clock_of(cells);
  return {.text = "{}: the training loss falls faster, second by second",
          .measure = fmt::format("training loss, mean over the {}seconds that both trained",
                                 clock == train::Clock::processor ? "processor " : ""),
          .unit = "nats",
          .relation = Relation::less,
          .number = [until, clock](const Cell& cell) -> std::optional<double> {
            const auto found = until.find(cell.seed);
            if (found == until.end()) return std::nullopt;
            return mean_loss_until(cell.history, found->second, clock);
          }};
}

std::vector<Question> questions_for(const Config& config, const std::vector<Cell>& cells,
                                    const std::string& name) {
  const bool other = optimiser_of(config, name) != optimiser_of(config, config.arms.front());
  const std::string faster = "{}: the training loss falls faster";
  std::vector<Question> questions{
      {other ? faster + ", epoch by epoch" : faster, "training loss, mean over the epochs", "nats",
       Relation::less, 0, false, mean_over_epochs(&train::EpochMetrics::loss)},
      {"{}: the held-out loss falls faster", "held-out loss, mean over the epochs", "nats",
       Relation::less, 0, false, mean_over_epochs(&train::EpochMetrics::validation_loss)}};
  if (other) questions.insert(questions.begin() + 1, by_seconds(config, cells, name));
  ask_localised(config, cells, questions);
  ask_agreement(config, cells, questions);
  questions.push_back(
      {fmt::format("{{}}: accuracy is kept with {{}} parameters (at most {:g} points lower)",
                   100 * config.accuracy_margin),
       "held-out accuracy", "percentage points", Relation::greater, -100 * config.accuracy_margin,
       true, [](const Cell& cell) { return std::optional(100 * cell.accuracy); }});
  return questions;
}

/// What one arm's parameters are against the reference's: a claim of fewer must not stand over
/// more.
std::string_view against(const std::vector<Cell>& cells, const std::string& name,
                         const std::string& other) {
  const double parameters = mean(parameters_of(cells, name)),
               reference = mean(parameters_of(cells, other));
  if (parameters < reference || parameters == 0 || reference == 0) return "fewer";
  return parameters > reference ? "more" : "as many";
}

/// What went wrong with the arm's seeds, in clauses.
std::vector<std::string> lost_seeds(const Question& question, const std::vector<Cell>& cells,
                                    const std::string& name) {
  std::vector<std::string> clauses;
  for (const auto& cell : cells) {
    if (cell.arm != name) continue;
    const auto label = arm_label(name);
    if (!cell.failure.empty()) {
      clauses.push_back(fmt::format("{} from seed {} diverged", label, cell.seed));
    } else if (question.number(cell) && !finite(question.number)(cell)) {
      clauses.push_back(fmt::format("{} from seed {} has no finite value", label, cell.seed));
    }
  }
  return clauses;
}

PairedSamples samples_of(const Question& question, const Config& config,
                         const std::vector<Cell>& cells, const std::string& name) {
  const auto number = finite(question.number);
  const auto& reference = config.arms.front();
  auto samples =
      pair_by_seed(over_seeds(cells, name, number), over_seeds(cells, reference, number));
  samples.lost = lost_seeds(question, cells, reference);
  for (auto& clause : lost_seeds(question, cells, name)) samples.lost.push_back(std::move(clause));
  samples.first = arm_label(name);
  samples.second = arm_label(config.arms.front());
  samples.epochs = config.epochs;
  samples.full_epochs = config.full_epochs;
  return samples;
}

/// The arm's own number beside each of its controls.
std::vector<PairedSamples> controls_of(const Question& question, const std::vector<Cell>& cells,
                                       const std::string& name) {
  std::vector<PairedSamples> pairs;
  for (const auto& control : question.controls) {
    auto& pair = pairs.emplace_back(pair_by_seed(over_seeds(cells, name, question.number),
                                                 over_seeds(cells, name, control.number)));
    pair.first = fmt::format(fmt::runtime(question.subject), arm_label(name));
    pair.second = control.name;
  }
  return pairs;
}

}  // namespace

std::vector<Answer> answer(const Config& config, const std::vector<Cell>& cells) {
  std::vector<Answer> answers;
  for (std::size_t k = 1; k < config.arms.size(); ++k) {
    const auto& name = config.arms[k];
    const auto questions = questions_for(config, cells, name);
    for (const auto& question : questions) {
      Answer item;
      item.claim = {.text = fmt::format(fmt::runtime(question.text), arm_label(name),
                                        against(cells, name, config.arms.front())),
                    .unit = question.unit,
                    .relation = question.relation,
                    .threshold = question.threshold,
                    .needed_seeds = config.needed_seeds,
                    .at_convergence = question.at_convergence};
      item.arm = name;
      item.reference = config.arms.front();
      item.measure = question.measure;
      item.unit = question.unit;
      item.samples = samples_of(question, config, cells, name);
      item.verdict = judge(item.claim, item.samples, controls_of(question, cells, name));
      item.accuracy = accuracy_matched(samples_of(questions.back(), config, cells, name),
                                       100 * config.accuracy_margin);
      answers.push_back(std::move(item));
    }
  }
  return answers;
}

}  // namespace ranklens::study
