#include "ranklens/study/verdict.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/study/judgement.h"

namespace ranklens::study {
namespace {

// What the interval alone says of "the difference is above `threshold`".
Outcome above(const Summary& difference, double threshold) {
  if (difference.lower > threshold) return Outcome::supported;
  if (difference.upper < threshold) return Outcome::contradicted;
  return Outcome::undecided;
}

Outcome opposite(Outcome outcome) {
  if (outcome == Outcome::supported) return Outcome::contradicted;
  if (outcome == Outcome::contradicted) return Outcome::supported;
  return outcome;
}

Outcome tendency_of(const Claim& claim, const Summary& difference) {
  switch (claim.relation) {
    case Relation::greater:
      return above(difference, claim.threshold);
    case Relation::less:
      return opposite(above(difference, claim.threshold));
    case Relation::within: {
      const Outcome low = above(difference, -claim.threshold);
      const Outcome high = opposite(above(difference, claim.threshold));
      if (low == Outcome::supported && high == Outcome::supported) return Outcome::supported;
      const bool outside = low == Outcome::contradicted || high == Outcome::contradicted;
      return outside ? Outcome::contradicted : Outcome::undecided;
    }
  }
  base::fail("unknown relation of a claim");
}

/// With U+2212 for minus, as on the rest of the page.
std::string in_print(std::string number) {
  for (auto at = number.find('-'); at != std::string::npos; at = number.find('-', at))
    number.replace(at, 1, "−");
  return number;
}

std::string plain(double value) { return in_print(fmt::format("{:.3g}", value)); }
std::string with_sign(double value) { return in_print(fmt::format("{:+.3g}", value)); }

std::string interval_of(const Summary& difference) {
  return fmt::format("[{}, {}]", with_sign(difference.lower), with_sign(difference.upper));
}

/// "lies above 0", "lies within ±1", "contains 0", as seen from the claim's threshold.
std::string position(const Claim& claim, const Summary& difference) {
  const double t = claim.threshold;
  if (claim.relation == Relation::within) {
    if (difference.lower > -t && difference.upper < t) return "lies within ±" + plain(t);
    const bool outside = difference.lower > t || difference.upper < -t;
    return fmt::format("{} ±{}", outside ? "lies outside" : "reaches beyond", plain(t));
  }
  const auto limit = plain(t) + (t == 0 ? "" : ", the margin");
  if (difference.lower > t) return "lies above " + limit;
  if (difference.upper < t) return "lies below " + limit;
  return "contains " + limit;
}

std::string measured(const Claim& claim, const PairedSamples& samples, const Verdict& verdict) {
  const Summary& d = verdict.difference;
  const auto mean = with_sign(d.mean) + (claim.unit.empty() ? "" : " " + claim.unit);
  if (d.count == 1) {
    return fmt::format("{} − {} is {} for a single {}, which gives no interval", samples.first,
                       samples.second, mean, claim.each);
  }
  return fmt::format("{} − {} is {} over {} {}s and its {:.3g} % interval {} {}", samples.first,
                     samples.second, mean, d.count, claim.each, 100 * d.level, interval_of(d),
                     position(claim, d));
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

/// Whether the arm's own number is better than the control's, in the claim's direction.
bool beats(const Claim& claim, const Summary& difference) {
  const Outcome more = above(difference, 0);
  return (claim.relation == Relation::less ? opposite(more) : more) == Outcome::supported;
}

/// The controls that the arm's own number does not beat, in words, or "".
std::string unbeaten(const Claim& claim, std::span<const PairedSamples> controls) {
  std::string text;
  for (const auto& control : controls) {
    const auto difference = differences(control);
    std::string numbers = "not measured";
    if (!difference.empty() && all_finite(difference)) {
      const auto summary = summarise(difference, claim.level);
      if (beats(claim, summary)) continue;
      numbers = summary.count == 1 ? "a single seed"
                                   : with_sign(summary.mean) + " " + interval_of(summary);
    }
    text += text.empty() ? fmt::format("; but {} are not shown to beat ", control.first) : " nor ";
    text += fmt::format("{} ({})", control.second, numbers);
  }
  return text;
}

// Why no answer may be given although the interval gives one, or "".
std::string objection(const Claim& claim, const PairedSamples& samples, std::int64_t seeds) {
  if (claim.at_convergence && samples.epochs < samples.full_epochs) {
    return fmt::format("; {} of {} epochs say nothing about convergence", samples.epochs,
                       samples.full_epochs);
  }
  if (seeds < claim.needed_seeds) {
    return fmt::format("; {} {}s are needed for a verdict", claim.needed_seeds, claim.each);
  }
  return "";
}

Verdict nothing(std::string reason) {
  Verdict verdict;
  verdict.reason = std::move(reason);
  return verdict;
}

/// What of the samples is lost, in words, or "".
std::string losses(const PairedSamples& samples) {
  if (samples.lost.empty()) return "";
  return fmt::format("; but {}: what is missing may be what went worst",
                     fmt::join(samples.lost, ", "));
}

}  // namespace

Verdict judge(const Claim& claim, const PairedSamples& samples,
              std::span<const PairedSamples> controls) {
  base::require(claim.relation != Relation::within || claim.threshold > 0,
                "the margin within which two arms match must be positive, got {}", claim.threshold);
  const auto difference = differences(samples);
  if (difference.empty()) {
    return nothing(fmt::format("{} and {} have no {} in common{}", samples.first, samples.second,
                               claim.each, losses(samples)));
  }
  for (std::size_t i = 0; i < difference.size(); ++i) {
    if (std::isfinite(difference[i])) continue;
    const std::string which =
        i < samples.seeds.size() ? fmt::format("seed {}", samples.seeds[i]) : "a seed";
    return nothing(
        fmt::format("{} has no finite value for {} or {}", which, samples.first, samples.second));
  }
  return judged_difference(claim, summarise(difference, claim.level), effect_size(samples), samples,
                           controls);
}

Verdict judged_difference(const Claim& claim, const Summary& difference, double effect,
                          const PairedSamples& about, std::span<const PairedSamples> controls) {
  Verdict verdict;
  verdict.difference = difference;
  verdict.effect = effect;
  verdict.tendency = tendency_of(claim, verdict.difference);
  verdict.reason = measured(claim, about, verdict);
  if (verdict.tendency == Outcome::supported) {
    const std::string missing = unbeaten(claim, controls);
    if (!missing.empty()) verdict.tendency = Outcome::undecided;
    verdict.reason += missing;
  }
  if (!about.lost.empty()) verdict.tendency = Outcome::undecided;
  verdict.reason += losses(about);
  const std::string against = objection(claim, about, verdict.difference.count);
  verdict.outcome = against.empty() ? verdict.tendency : Outcome::undecided;
  verdict.reason += against;
  if (!about.unpaired.empty()) {
    verdict.reason += fmt::format("; {} more {} in one arm only", about.unpaired.size(),
                                  about.unpaired.size() == 1 ? "seed is" : "seeds are");
  }
  return verdict;
}

Verdict accuracy_matched(const PairedSamples& accuracies, double margin) {
  const Claim claim{.text = "the accuracies match",
                    .unit = "percentage points",
                    .relation = Relation::within,
                    .threshold = margin,
                    .needed_seeds = 2};
  return judge(claim, accuracies);
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::supported:
      return "supported";
    case Outcome::contradicted:
      return "contradicted";
    case Outcome::undecided:
      return "undecided";
  }
  base::fail("unknown outcome");
}

}  // namespace ranklens::study
