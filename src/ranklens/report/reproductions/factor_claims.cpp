// The claims of uv-vs-dlrt: do integrators learn at all decays where descent on U and V does not,
// as fast as was printed, and what does each lose by small singular values?
#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/report/reproductions/arm_samples.h"
#include "ranklens/report/reproductions/trial_claims.h"

namespace ranklens::report {
namespace {

using study::Relation;
using Epochs = std::vector<std::int64_t>;

constexpr const char* kIntegrators[] = {"bug", "two-pass", "parallel", "riemannian"};

std::string arm_name(const std::string& method, int decay) {
  return fmt::format("{}-d{}", method, decay);
}

std::string start_text(int decay) {
  return decay == 1 ? "From singular values that do not decay"
                    : fmt::format("From singular values divided by {}^k", decay);
}

bool has_arm(const Repeated& repeated, const std::string& arm) {
  const auto arms = arms_of(repeated.reproduction.trials);
  return std::find(arms.begin(), arms.end(), arm) != arms.end();
}

const study::reproductions::Published* printed_row(const Repeated& repeated,
                                                   const std::string& arm) {
  const auto& rows = repeated.reproduction.published;
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) {
    return row.arm == arm && !row.curve.empty();
  });
  return found == rows.end() ? nullptr : &*found;
}

/// Those with printed values, as far as these trainings went.
Epochs epochs_to_judge(const Repeated& repeated) {
  const auto& trials = repeated.reproduction.trials.trials;
  const std::int64_t last =
      trials.empty() || trials[0].phases.empty() ? 0 : trials[0].phases[0].fit.epochs;
  Epochs epochs;
  for (const auto& row : repeated.reproduction.published) {
    for (const auto& [epoch, printed] : row.curve) {
      if (epoch <= last) epochs.push_back(epoch);
    }
  }
  if (epochs.empty()) return {last};
  std::sort(epochs.begin(), epochs.end());
  epochs.erase(std::unique(epochs.begin(), epochs.end()), epochs.end());
  return epochs;
}

std::string after_text(const Epochs& epochs) {
  if (epochs.size() == 1) return fmt::format("after {}", epochs_in_words(epochs[0]));
  return fmt::format("after {} and {} epochs", fmt::join(epochs.begin(), epochs.end() - 1, ", "),
                     epochs.back());
}

/// One verdict on a claim after each of the epochs.
Verdict after_every(const Epochs& epochs, const std::string& text,
                    const std::function<Verdict(std::int64_t, const std::string&)>& part) {
  std::vector<Verdict> parts;
  for (const auto epoch : epochs)
    parts.push_back(part(epoch, fmt::format("after {}", epochs_in_words(epoch))));
  return on_every(text, parts);
}

Verdict above_descent(const Repeated& repeated, const Epochs& epochs, const std::string& method,
                      int decay) {
  const auto arm = arm_name(method, decay), uv = arm_name("uv", decay);
  return after_every(epochs,
                     fmt::format("{}, {} is above descent on U and V {}", start_text(decay), method,
                                 after_text(epochs)),
                     [&](std::int64_t epoch, const std::string& when) {
                       const auto number = test_accuracy_after(epoch);
                       return judged(claim_on(repeated, arm, when),
                                     sample_of(repeated, arm, number),
                                     sample_of(repeated, uv, number));
                     });
}

Verdict as_printed(const Repeated& repeated, const Epochs& epochs,
                   const study::reproductions::Published& row, int decay) {
  constexpr double kMargin = 0.5;
  return after_every(epochs,
                     fmt::format("{}, bug reaches the printed accuracies {}, to within {} points",
                                 start_text(decay), after_text(epochs), kMargin),
                     [&](std::int64_t epoch, const std::string& when) {
                       return judged(claim_on(repeated, row.arm, when, Relation::greater, -kMargin),
                                     sample_of(repeated, row.arm, test_accuracy_after(epoch)),
                                     row.curve.at(epoch), row.runs);
                     });
}

/// Whether the published curves of descent on U and V are those of their code: no more than some
/// points above them.
Verdict as_slow_as_printed(const Repeated& repeated, const Epochs& epochs,
                           const study::reproductions::Published& row, int decay) {
  constexpr double kMargin = 5;
  return after_every(
      epochs,
      fmt::format("{}, descent on U and V with convolutions held, as it was coded, is as slow as "
                  "printed {}, to within {} points",
                  start_text(decay), after_text(epochs), kMargin),
      [&](std::int64_t epoch, const std::string& when) {
        return judged(claim_on(repeated, row.arm, when, Relation::less, kMargin),
                      sample_of(repeated, row.arm, test_accuracy_after(epoch)), row.curve.at(epoch),
                      row.runs);
      });
}

/// What a method loses from no decay to a decay of 10, by seed.
ArmSample fall_of(const Repeated& repeated, const std::string& method, std::int64_t epoch) {
  const auto number = test_accuracy_after(epoch);
  const auto flat = sample_of(repeated, arm_name(method, 1), number);
  const auto steep = sample_of(repeated, arm_name(method, 10), number);
  ArmSample fall{.name = "the fall of " + method, .lost = flat.lost};
  fall.lost.insert(fall.lost.end(), steep.lost.begin(), steep.lost.end());
  const auto pairs = study::pair_by_seed(flat.values, steep.values);
  for (std::size_t k = 0; k < pairs.seeds.size(); ++k) {
    fall.values.push_back({pairs.seeds[k], pairs.first_values[k] - pairs.second_values[k]});
  }
  return fall;
}

/// "(printed: 0.7)", or nothing.
std::string printed_fall(const Repeated& repeated, const std::string& method) {
  const auto* flat = printed_row(repeated, arm_name(method, 1));
  const auto* steep = printed_row(repeated, arm_name(method, 10));
  if (flat == nullptr || steep == nullptr) return "";
  return fmt::format(" (printed: {:.1f})", 100 * (flat->accuracy - steep->accuracy));
}

/// Robustness itself: the accuracy at the end, with no decay against a decay of 10.
Verdict small_fall(const Repeated& repeated, const std::string& method, std::int64_t last) {
  constexpr double kMost = 2;
  const bool robust = !method.starts_with("uv");
  const auto number = test_accuracy_after(last);
  const auto text = fmt::format(
      "From singular values divided by 10^k {} ends {} than {} points "
      "lower than without decay{}",
      robust           ? method
      : method == "uv" ? "descent on U and V"
                       : "descent on U and V as it was coded",
      robust ? "less" : "more", kMost, printed_fall(repeated, method));
  return judged(claim_on(repeated, arm_name(method, 10), text,
                         robust ? Relation::less : Relation::greater, kMost),
                sample_of(repeated, arm_name(method, 1), number),
                sample_of(repeated, arm_name(method, 10), number));
}

Verdict smaller_fall(const Repeated& repeated, const Epochs& epochs, const std::string& method) {
  return after_every(
      epochs,
      fmt::format("A decay of 10 costs {} less accuracy than it costs descent on U and V {}",
                  method, after_text(epochs)),
      [&](std::int64_t epoch, const std::string& when) {
        return judged(claim_on(repeated, arm_name(method, 10), when, Relation::less),
                      fall_of(repeated, method, epoch), fall_of(repeated, "uv", epoch),
                      "accuracy without decay less that at a decay of 10");
      });
}

}  // namespace

std::vector<Verdict> factor_verdicts(const study::reproductions::Reproduction& reproduction,
                                     const study::ExperimentResults& results) {
  const Repeated repeated{reproduction, results};
  const auto epochs = epochs_to_judge(repeated);
  std::vector<Verdict> verdicts;
  for (const char* method : {"uv", "uv-as-coded"}) {
    if (!has_arm(repeated, arm_name(method, 1)) || !has_arm(repeated, arm_name(method, 10)))
      continue;
    verdicts.push_back(small_fall(repeated, method, epochs.back()));
  }
  for (const char* method : kIntegrators) {
    if (!has_arm(repeated, arm_name(method, 1)) || !has_arm(repeated, arm_name(method, 10)))
      continue;
    verdicts.push_back(small_fall(repeated, method, epochs.back()));
    verdicts.push_back(smaller_fall(repeated, epochs, method));
  }
  for (const char* method : kIntegrators) {
    for (const int decay : {1, 2, 10}) {
      if (!has_arm(repeated, arm_name(method, decay))) continue;
      verdicts.push_back(above_descent(repeated, epochs, method, decay));
    }
  }
  for (const int decay : {1, 2, 10}) {
    for (const char* method : {"bug", "uv-as-coded"}) {
      const auto* row = printed_row(repeated, arm_name(method, decay));
      if (row == nullptr || !has_arm(repeated, row->arm) || !row->curve.contains(epochs.back())) {
        continue;
      }
      const auto judge = method == std::string("bug") ? as_printed : as_slow_as_printed;
      verdicts.push_back(judge(repeated, epochs, *row, decay));
    }
  }
  return verdicts;
}

}  // namespace ranklens::report
