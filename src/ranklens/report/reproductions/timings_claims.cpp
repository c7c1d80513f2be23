#include "ranklens/report/reproductions/timings_claims.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/reproductions/experiment_parts.h"
#include "ranklens/report/reproductions/reduced_run.h"

namespace ranklens::report {
namespace {

using study::ExperimentResults;
using study::SeedValue;
using study::timings::BreakEven;
using TimingOptions = study::timings::Options;

constexpr std::int64_t kCompared = 32;  ///< the rank at which steps are compared

constexpr const char* kEach = "repeat";

/// Repeats count from 1, as seeds do.
SeedValue of_repeat(std::size_t repeat, double value) {
  return {static_cast<std::uint64_t>(repeat + 1), value};
}

/// The break-even rank of one repeat alone; nothing where it has no time for a rank that decides.
std::optional<double> break_even_in(const Speedups& speedups, std::size_t repeat) {
  std::vector<double> ranks, ratios;
  for (const auto& [rank, values] : speedups) {
    if (values.size() <= repeat) break;
    ranks.push_back(static_cast<double>(rank));
    ratios.push_back(values[repeat]);
  }
  const auto found = study::timings::break_even(ranks, ratios);
  if (found.beyond && ranks.size() < speedups.size()) return {};
  return ranks.empty() ? std::nullopt : std::optional(found.rank);
}

std::size_t repeats_of(const Speedups& speedups) {
  std::size_t most = 0;
  for (const auto& [rank, values] : speedups) most = std::max(most, values.size());
  return most;
}

Verdict break_even_verdict(const Speedups& speedups, double target, const std::string& text,
                           const std::string& what) {
  std::vector<SeedValue> found;
  for (std::size_t repeat = 0; repeat < repeats_of(speedups); ++repeat) {
    const auto rank = break_even_in(speedups, repeat);
    if (rank) found.push_back(of_repeat(repeat, *rank));
  }
  return judged({.claim = {.text = text, .unit = "ranks", .each = kEach},
                 .first = fmt::format("the break-even rank of {}", what),
                 .second = fmt::format("{:.0f}", target),
                 .measure = fmt::format("break-even rank of {} − {:.0f}", what, target)},
                found, constant(found, target));
}

Verdict prediction_verdict(const Speedups& speedups) {
  constexpr std::int64_t kUpTo = 640;
  std::vector<SeedValue> slowest;
  for (std::size_t repeat = 0; repeat < repeats_of(speedups); ++repeat) {
    double least = std::numeric_limits<double>::infinity();
    for (const auto& [rank, values] : speedups) {
      if (rank <= kUpTo && repeat < values.size()) least = std::min(least, values[repeat]);
    }
    if (std::isfinite(least)) slowest.push_back(of_repeat(repeat, least));
  }
  return judged(
      {.claim = {.text = fmt::format(
                     "At no rank up to {} is a prediction slower than the dense network's", kUpTo),
                 .unit = "times",
                 .each = kEach},
       .first = "dense seconds over those of the slowest rank",
       .second = "1",
       .measure = fmt::format("dense over low-rank seconds, the least up to rank {}", kUpTo)},
      slowest, constant(slowest, 1));
}

std::vector<double> at_compared_rank(const TimingOptions& options, const ExperimentResults& results,
                                     const std::string& id) {
  const auto all = speedups_of(options, results, id);
  const auto found = all.find(kCompared);
  return found == all.end() ? std::vector<double>() : found->second;
}

/// Seconds of a step over those of another at the rank compared, at most `bound`.
struct StepClaim {
  std::string text, name, other;
  double bound;
};

Verdict step_verdict(const StepClaim& claim, const std::vector<SeedValue>& ratios) {
  return judged(
      {.claim =
           {.text = claim.text, .unit = "times", .each = kEach, .relation = study::Relation::less},
       .first = fmt::format("seconds of a step of {} over those of {}", claim.name, claim.other),
       .second = fmt::format("{}", claim.bound),
       .measure = fmt::format("seconds of a step at rank {}, {} over {}, − {}", kCompared,
                              claim.name, claim.other, claim.bound)},
      ratios, constant(ratios, claim.bound));
}

/// Every integrator's step against the dense one of Adam.
Verdict dense_verdict(const TimingOptions& options, const ExperimentResults& results) {
  const auto text = fmt::format(
      "At rank {} a step of every integrator takes at most a quarter of a dense step of Adam",
      kCompared);
  std::vector<Verdict> parts;
  for (const auto& method : study::timings::methods()) {
    if (method.id == "uv" || method.dense) continue;
    std::vector<SeedValue> ratios;
    for (const double speedup : at_compared_rank(options, results, method.id)) {
      ratios.push_back(of_repeat(ratios.size(), 1 / speedup));
    }
    parts.push_back(step_verdict({text, method.name, "a dense one", 0.25}, ratios));
  }
  return on_every(text, parts);
}

/// Against U V^T under Adam; both over the dense steps beside them.
Verdict factors_verdict(const TimingOptions& options, const ExperimentResults& results,
                        const std::string& id, double bound) {
  const auto own = at_compared_rank(options, results, id),
             plain = at_compared_rank(options, results, "uv");
  std::vector<SeedValue> ratios;
  for (std::size_t k = 0; k < std::min(own.size(), plain.size()); ++k) {
    ratios.push_back(of_repeat(k, plain[k] / own[k]));
  }
  std::string name = id;
  for (const auto& method : study::timings::methods()) {
    if (method.id == id) name = method.name;
  }
  return step_verdict(
      {fmt::format("At rank {} a step of {} takes at most {} times as long as one of U V^T by Adam",
                   kCompared, name, bound),
       name, "U V^T", bound},
      ratios);
}

}  // namespace

Speedups speedups_of(const TimingOptions& options, const ExperimentResults& results,
                     const std::string& id) {
  Speedups found;
  for (const auto rank : options.ranks) {
    const auto cell = results.cells.find(fmt::format("r{}", rank));
    if (cell == results.cells.end()) continue;
    const auto& times = id == "predict" ? cell->second.at("predict")
                                        : cell->second.at("train").value(id, nlohmann::json());
    if (times.is_null()) continue;
    const auto seconds = times.at("seconds").get<std::vector<double>>(),
               dense = times.at("dense").get<std::vector<double>>();
    for (std::size_t k = 0; k < seconds.size(); ++k) found[rank].push_back(dense[k] / seconds[k]);
  }
  return found;
}

BreakEven break_even_of(const Speedups& speedups) {
  std::vector<double> ranks, ratios;
  for (const auto& [rank, values] : speedups) {
    ranks.push_back(static_cast<double>(rank));
    ratios.push_back(study::timings::median(values));
  }
  return study::timings::break_even(ranks, ratios);
}

/// Of steps by plain descent, in factors and dense.
Speedups descent_speedups(const TimingOptions& options, const ExperimentResults& results) {
  auto found = speedups_of(options, results, "fixed-bug-descent");
  const auto dense = speedups_of(options, results, "dense-descent");
  for (auto& [rank, values] : found) {
    const auto beside = dense.find(rank);
    if (beside == dense.end()) return {};
    values.resize(std::min(values.size(), beside->second.size()));
    for (std::size_t k = 0; k < values.size(); ++k) values[k] /= beside->second[k];
  }
  return found;
}

std::vector<Verdict> timings_verdicts(const TimingOptions& options,
                                      const ExperimentResults& results) {
  std::vector<Verdict> verdicts{
      break_even_verdict(speedups_of(options, results, "fixed-bug"), 393,
                         "In training, BUG at fixed rank is faster than the dense network up to "
                         "rank 393, three times what was printed (131)",
                         "BUG at fixed rank"),
      break_even_verdict(
          descent_speedups(options, results), 393,
          "By plain descent BUG at fixed rank is faster than the dense network up to "
          "rank 393",
          "BUG at fixed rank by plain descent"),
      break_even_verdict(speedups_of(options, results, "predict"), 2300,
                         "Predictions are faster than the dense network's up to rank 2,300 "
                         "(printed: 2,190)",
                         "predictions"),
      prediction_verdict(speedups_of(options, results, "predict")),
      dense_verdict(options, results),
      factors_verdict(options, results, "parallel-bug", 1.6),
      factors_verdict(options, results, "two-pass-1", 2)};
  if (is_reduced(options)) leave_undecided(verdicts);
  return verdicts;
}

}  // namespace ranklens::report
