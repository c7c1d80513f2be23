#include "ranklens/report/reproductions/trial_claims.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "ranklens/report/reproductions/arm_samples.h"
#include "ranklens/report/reproductions/reduced_run.h"

namespace ranklens::report {
namespace {

using study::ExperimentResults;
using study::reproductions::Published;
using study::reproductions::Reproduction;

/// What "reaches" allows, in percentage points: one image in 500.
constexpr double kReached = 0.2;

double mean_saved(const Repeated& repeated, const std::string& arm) {
  return estimate(values_of(repeated.reproduction.trials, repeated.results, arm, saved_share()))
      .mean;
}

std::vector<std::string> arms_with(const Repeated& repeated, const std::string& table) {
  auto arms = arms_of(repeated.reproduction.trials);
  std::erase_if(arms, [&](const std::string& arm) { return table_of(arm) != table; });
  return arms;
}

/// The arm of the fewest weights saved that still saves as many as a published row; "" for none.
std::string arm_that_saves(const Repeated& repeated, const Published& row) {
  constexpr double kRounding = 1e-9;
  std::string best;
  double least = 2;
  for (const auto& arm : arms_with(repeated, table_of(row.arm))) {
    const auto saved = mean_saved(repeated, arm);
    if (saved >= row.saved - kRounding && saved < least) best = arm, least = saved;
  }
  return best;
}

/// How a row of a table is put into words, and by what margin it is judged.
struct RowClaim {
  std::string text;
  double threshold = 0;
};

/// A row that nothing can be held against: no answer, but no less a row.
Verdict without_a_run(const Repeated& repeated, const Published& row, const study::Claim& claim) {
  double most = 0;
  for (const auto& arm : arms_with(repeated, table_of(row.arm))) {
    most = std::max(most, mean_saved(repeated, arm));
  }
  Verdict verdict{.claim = claim, .question = claim.text, .unit = claim.unit};
  verdict.measure = "accuracy on the test images, our mean − the printed one";
  verdict.verdict.reason = fmt::format("no run saves {:.2f} % of the weights, the most is {:.2f} %",
                                       100 * row.saved, 100 * most);
  return verdict;
}

/// A published row against the run that saves at least as many weights.
Verdict judged_row(const Repeated& repeated, const Published& row, const RowClaim& words) {
  const auto arm = arm_that_saves(repeated, row);
  const auto claim =
      claim_on(repeated, row.arm, words.text, study::Relation::greater, words.threshold);
  if (arm.empty()) return without_a_run(repeated, row, claim);
  return judged(claim, sample_of(repeated, arm, test_accuracy()), {row.accuracy, row.deviation},
                row.runs);
}

/// For each table one verdict on all of its rows, then the rows.
template <class Words, class Together>
std::vector<Verdict> table_verdicts(const Repeated& repeated, const Words& words,
                                    const Together& together) {
  std::vector<Verdict> verdicts;
  std::map<std::string, std::vector<const Published*>> tables;
  for (const auto& row : repeated.reproduction.published) {
    if (row.saved > 0) tables[table_of(row.arm)].push_back(&row);
  }
  for (const auto& [table, rows] : tables) {
    if (arms_with(repeated, table).empty()) continue;
    std::vector<Verdict> parts;
    for (const auto* row : rows) parts.push_back(judged_row(repeated, *row, words(*row)));
    const auto [least, most] = std::minmax_element(
        rows.begin(), rows.end(),
        [](const Published* a, const Published* b) { return a->saved < b->saved; });
    verdicts.push_back(on_every(together(100 * (*least)->saved, 100 * (*most)->saved), parts));
    verdicts.insert(verdicts.end(), parts.begin(), parts.end());
  }
  return verdicts;
}

std::vector<Verdict> lenet_verdicts(const Repeated& repeated) {
  return table_verdicts(
      repeated,
      [](const Published& row) {
        return RowClaim{
            fmt::format("With {:.1f} % of the weights saved or more, accuracy is above "
                        "the published {:.2f} % ({})",
                        100 * row.saved, 100 * row.accuracy, row.arm)};
      },
      [](double least, double most) {
        return fmt::format(
            "On every row from {:.0f} to {:.0f} % of the weights saved, accuracy is "
            "above the published one",
            least, most);
      });
}

std::vector<Verdict> mlp_verdicts(const Repeated& repeated) {
  const auto& trials = repeated.reproduction.trials.trials;
  const auto epochs =
      trials.empty() || trials[0].phases.empty() ? 0 : trials[0].phases[0].fit.epochs;
  return table_verdicts(
      repeated,
      [&](const Published& row) {
        return RowClaim{
            fmt::format("With {:.1f} % of the weights saved or more, one phase of {} "
                        "reaches the {:.2f} % published after two, to within {} points ({})",
                        100 * row.saved, epochs_in_words(epochs), 100 * row.accuracy, kReached,
                        row.arm),
            -kReached};
      },
      [&](double least, double most) {
        return fmt::format(
            "On every row from {:.0f} to {:.0f} % of the weights saved, one phase "
            "of {} reaches what was published after two, to within {} points",
            least, most, epochs_in_words(epochs), kReached);
      });
}

/// What tuning lifts a network by, against half of what was printed, and against as many epochs
/// more of the training before it.
std::vector<Verdict> tuning_verdicts(const Repeated& repeated) {
  constexpr double kAlike = 1;
  std::vector<Verdict> verdicts;
  for (const auto& row : repeated.reproduction.published) {
    const auto sample = [&](const std::string& phase, const std::string& when) {
      auto found = sample_of(repeated, row.arm, test_accuracy(phase));
      found.name = row.arm + " " + when;
      return found;
    };
    auto before = sample("adaptive", "before"), on = sample("ranks found on", "trained on");
    const auto after = sample("cores alone", "tuned");
    if (before.values.empty() && before.lost.empty()) continue;
    before.lost.clear(), on.lost.clear();  // the same trainings
    const double printed =
        100 * (row.phases.at("cores alone").mean - row.phases.at("adaptive").mean);
    const auto claim = [&](const std::string& text, double threshold) {
      return claim_on(repeated, row.arm, text, study::Relation::less, threshold);
    };
    verdicts.push_back(judged(
        claim(fmt::format("Tuning the cores alone lifts {} by less than half of the published "
                          "{:.1f} points",
                          row.arm, printed),
              printed / 2),
        after, before));
    if (on.values.empty()) continue;
    verdicts.push_back(
        judged(claim(fmt::format("Tuning the cores of {} alone brings no more than as many epochs "
                                 "of the training before, to within {} point",
                                 row.arm, kAlike),
                     kAlike),
               after, on));
  }
  return verdicts;
}

/// Each arm against the accuracy printed for it.
std::vector<Verdict> arm_verdicts(const Repeated& repeated) {
  std::vector<Verdict> verdicts;
  for (const auto& row : repeated.reproduction.published) {
    const auto ours = sample_of(repeated, row.arm, test_accuracy());
    if (ours.values.empty() && ours.lost.empty()) continue;
    const auto text =
        fmt::format("{} errs on no more than the {:.1f} % of images printed, to within {} points",
                    row.arm, 100 * (1 - row.accuracy), kReached);
    verdicts.push_back(
        judged(claim_on(repeated, row.arm, text, study::Relation::greater, -kReached), ours,
               {row.accuracy, row.deviation}, row.runs));
  }
  return verdicts;
}

std::vector<Verdict> pruning_verdicts(const Repeated& repeated) {
  constexpr double kMargin = 0.5;
  auto dense = sample_of(repeated, "pruned", test_accuracy("dense"));
  const auto pruned = sample_of(repeated, "pruned", test_accuracy("at rank 20"));
  const auto scratch = sample_of(repeated, "from-scratch", test_accuracy("at rank 20"));
  dense.name = "dense", dense.lost.clear();  // the same trainings
  return {judged(claim_on(repeated, "pruned",
                          fmt::format("Training at rank 20 brings the cut network back to within "
                                      "{} points of the dense one",
                                      kMargin),
                          study::Relation::greater, -kMargin),
                 pruned, dense),
          judged(claim_on(repeated, "pruned",
                          "A network that was dense first ends higher at rank 20 than one trained "
                          "there from the start, in as many epochs in all"),
                 pruned, scratch)};
}

std::vector<Verdict> verdicts_of(const Repeated& repeated) {
  const auto& name = repeated.reproduction.trials.name;
  if (name == "uv-vs-dlrt") return factor_verdicts(repeated.reproduction, repeated.results);
  if (name == "mlp-dlrt") return mlp_verdicts(repeated);
  if (name == "fine-tune-effect") return tuning_verdicts(repeated);
  if (name == "train-from-prune") return pruning_verdicts(repeated);
  if (name == "novikov-mnist" || name == "mps-mnist") return arm_verdicts(repeated);
  return lenet_verdicts(repeated);
}

}  // namespace

std::vector<Verdict> trial_verdicts(const Reproduction& reproduction,
                                    const ExperimentResults& results) {
  auto verdicts = verdicts_of({reproduction, results});
  if (reproduction.extent != study::reproductions::Extent::full) leave_undecided(verdicts);
  return verdicts;
}

}  // namespace ranklens::report
