#include "ranklens/report/reproductions/arm_samples.h"

#include <fmt/format.h>

namespace ranklens::report {

std::string table_of(const std::string& arm) {
  const auto at = arm.find("tau");
  return at == std::string::npos ? "" : arm.substr(0, at + 3);
}

bool comes_to_a_size(const std::string& arm) { return arm.find("-to-") != std::string::npos; }

ArmSample sample_of(const Repeated& repeated, const std::string& arm, const TrialNumber& number) {
  const auto& trials = repeated.reproduction.trials;
  ArmSample sample{.name = arm,
                   .values = values_of(trials, repeated.results, arm, number),
                   .lost = lost_seeds(trials, repeated.results, {arm})};
  for (auto& one : sample.values) one.value *= 100;
  return sample;
}

std::string epochs_in_words(std::int64_t epochs) {
  return fmt::format("{} epoch{}", epochs, epochs == 1 ? "" : "s");
}

study::Claim claim_on(const Repeated& repeated, const std::string& arm, std::string text,
                      study::Relation relation, double threshold) {
  return {.text = std::move(text),
          .unit = "percentage points",
          .relation = relation,
          .threshold = threshold,
          .needed_seeds = study::reproductions::needed_seeds(repeated.reproduction, arm)};
}

Verdict judged(const study::Claim& claim, const ArmSample& first, const ArmSample& second,
               const std::string& what) {
  auto lost = first.lost;
  if (second.name != first.name) lost.insert(lost.end(), second.lost.begin(), second.lost.end());
  return judged({.claim = claim,
                 .first = first.name,
                 .second = second.name,
                 .measure = fmt::format("{}, {} − {}", what, first.name, second.name)},
                first.values, second.values, std::move(lost));
}

Verdict judged(const study::Claim& claim, const ArmSample& first,
               const study::reproductions::PublishedAccuracy& printed, std::int64_t runs) {
  return judged({.claim = claim,
                 .first = first.name,
                 .second = runs > 1 ? fmt::format("the printed mean of {} runs", runs)
                                    : "the printed accuracy",
                 .measure = "accuracy on the test images, our mean − the printed one"},
                first.values,
                {.mean = 100 * printed.mean, .deviation = 100 * printed.deviation, .runs = runs},
                first.lost);
}

}  // namespace ranklens::report
