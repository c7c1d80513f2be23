#include "ranklens/report/reproductions/born_machine_claims.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/report/reproductions/reduced_run.h"

namespace ranklens::report {
namespace {

using study::ExperimentResults;
using study::SeedValue;
using BornOptions = study::born_machine::Options;

/// The lowest likelihood until so many seconds have passed, to the end of the pass in which they
/// do; of a run that ended before, its lowest where it was flat or diverged, since it has no more
/// to give, else nothing.
std::optional<double> lowest_within(const BornRun& run, double seconds) {
  double lowest = std::numeric_limits<double>::infinity(), passed = 0;
  for (std::size_t k = 0; k < run.nll.size(); ++k) {
    lowest = std::min(lowest, run.nll[k]);
    passed += run.seconds[k];
    if (passed >= seconds) return lowest;
  }
  const bool ended = run.flat || run.diverged;
  return ended && std::isfinite(lowest) ? std::optional(lowest) : std::nullopt;
}

std::string ended_early(const std::string& label, std::uint64_t seed, const BornRun& run) {
  return fmt::format("{} from seed {} {}", label, seed,
                     run.diverged ? std::string("diverged")
                                  : fmt::format("was still falling after {} passes", run.passes));
}

constexpr const char *kTurning = "tsgo-10", *kTurningLabel = "turning by 10 degrees",
                     *kAdam = "adam-3e-4", *kAdamLabel = "Adam, 3e-4", *kSwitched = "switched";
constexpr const char* kLikelihood = "negative log-likelihood of the images learned from, ";

std::vector<SeedValue> ends_of(const BornOptions& options, const ExperimentResults& results,
                               const char* method) {
  return values_of(born_runs(options, results, method), last_likelihood);
}

/// Seeds whose turning broke off: what it had come to says nothing of where it comes to.
std::vector<std::string> lost_turning(const BornOptions& options,
                                      const ExperimentResults& results) {
  std::vector<std::string> lost;
  for (const auto& [seed, cell] : cells_of(results, kTurning, options.seeds)) {
    const BornRun run(cell);
    if (run.diverged) lost.push_back(ended_early(kTurningLabel, seed, run));
  }
  return lost;
}

std::vector<std::string> joined(std::vector<std::string> first,
                                const std::vector<std::string>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// The seeds' values of a method, and those that say nothing.
struct Rivals {
  std::vector<SeedValue> values;
  std::vector<std::string> lost;
};

/// The lowest of Adam's rates, each given the seconds that turning took from the same seed.
Rivals adam_in_equal_seconds(const BornOptions& options, const ExperimentResults& results) {
  Rivals found;
  for (const auto& [seed, turned] : born_runs(options, results, kTurning)) {
    const double seconds = BornRun(turned).total();
    double lowest = std::numeric_limits<double>::infinity();
    bool complete = true;
    for (const auto& method : study::born_machine::methods()) {
      if (method.lr == 0 || method.degrees > 0) continue;
      const auto cells = cells_of(results, method.id, {seed});
      if (cells.empty()) complete = false;
      for (const auto& [same, cell] : cells) {
        const BornRun run(cell);
        const auto value = lowest_within(run, seconds);
        if (value) lowest = std::min(lowest, *value);
        // One that diverged has no more to give; one that was stopped has.
        if (!value && !run.diverged) found.lost.push_back(ended_early(method.label, seed, run));
      }
    }
    if (complete && std::isfinite(lowest)) found.values.push_back({seed, lowest});
  }
  return found;
}

Verdict equal_seconds_verdict(const BornOptions& options, const ExperimentResults& results) {
  const auto adam = adam_in_equal_seconds(options, results);
  return judged(
      {.claim = {.text = "In the same seconds, turning cores by 10 degrees ends more than "
                         "20 nats below the best of Adam's rates",
                 .unit = "nats",
                 .relation = study::Relation::less,
                 .threshold = -20,
                 .needed_seeds = 3},
       .first = kTurningLabel,
       .second = "Adam, the best rate,",
       .measure = std::string(kLikelihood) + "turning − Adam in as many seconds"},
      ends_of(options, results, kTurning), adam.values,
      joined(adam.lost, lost_turning(options, results)));
}

/// The lowest of Adam's passes, which are noisy.
double lowest_of_adam(const nlohmann::json& cell) {
  const BornRun run(cell);
  const auto passes = std::max<std::size_t>(1, run.passes);
  return *std::min_element(run.nll.begin(), run.nll.begin() + static_cast<std::ptrdiff_t>(passes));
}

/// Runs whose Adam was not stopped by its own rule.
std::vector<std::string> without_plateau(const SeedCells& cells) {
  std::vector<std::string> lost;
  for (const auto& [seed, cell] : cells) {
    const BornRun run(cell);
    if (!run.flat) lost.push_back(ended_early(kAdamLabel, seed, run));
  }
  return lost;
}

Verdict plateau_verdict(const BornOptions& options, const ExperimentResults& results) {
  return judged({.claim = {.text = "It ends more than 20 nats below the lowest that Adam of 3e-4 "
                                   "comes to, as published (about 40 against about 80)",
                           .unit = "nats",
                           .relation = study::Relation::less,
                           .threshold = -20,
                           .needed_seeds = 3},
                 .first = kTurningLabel,
                 .second = kAdamLabel,
                 .measure = std::string(kLikelihood) + "turning − Adam at its lowest"},
                ends_of(options, results, kTurning),
                values_of(born_runs(options, results, kAdam), lowest_of_adam),
                joined(without_plateau(cells_of(results, kAdam, options.seeds)),
                       lost_turning(options, results)));
}

Verdict published_verdict(const BornOptions& options, const ExperimentResults& results) {
  const auto ends = ends_of(options, results, kTurning);
  return judged({.claim = {.text = "Turning by 10 degrees comes down to the published 40 nats, or "
                                   "5 above them",
                           .unit = "nats",
                           .relation = study::Relation::less,
                           .threshold = 5,
                           .needed_seeds = 3},
                 .first = kTurningLabel,
                 .second = "40, as published,",
                 .measure = std::string(kLikelihood) + "turning − 40"},
                ends, constant(ends, 40), lost_turning(options, results));
}

Verdict switch_verdict(const BornOptions& options, const ExperimentResults& results) {
  constexpr std::size_t kSweeps = 2;
  std::vector<SeedValue> before, after;
  const auto cells = cells_of(results, kSwitched, options.seeds);
  auto lost = without_plateau(cells);
  for (const auto& [seed, cell] : cells) {
    const BornRun run(cell);
    if (run.flat && run.diverged) lost.push_back(ended_early("turning after Adam", seed, run));
    if (run.passes == 0 || run.nll.size() < run.passes + kSweeps) continue;
    before.push_back({seed, run.nll[run.passes - 1]});
    after.push_back({seed, run.nll[run.passes - 1 + kSweeps]});
  }
  return judged({.claim = {.text = "Where Adam was stopped, two sweeps of turning bring the "
                                   "likelihood down by more than 20 nats (published: from about "
                                   "80 to about 40 at once)",
                           .unit = "nats",
                           .relation = study::Relation::less,
                           .threshold = -20,
                           .needed_seeds = 3},
                 .first = "two sweeps after the switch",
                 .second = "the last pass of Adam",
                 .measure = std::string(kLikelihood) + "after − before the switch"},
                after, before, lost);
}

}  // namespace

BornRun::BornRun(const nlohmann::json& cell)
    : nll(cell.at("nll").get<std::vector<double>>()),
      seconds(cell.at("seconds").get<std::vector<double>>()),
      passes(cell.at("passes").get<std::size_t>()),
      flat(cell.at("flat").get<bool>()),
      diverged(cell.at("diverged").get<bool>()) {}

double BornRun::total() const { return std::accumulate(seconds.begin(), seconds.end(), 0.0); }

double last_likelihood(const nlohmann::json& cell) { return BornRun(cell).nll.back(); }

SeedCells born_runs(const BornOptions& options, const ExperimentResults& results,
                    const std::string& method) {
  auto cells = cells_of(results, method, options.seeds);
  std::erase_if(cells, [](const auto& one) { return BornRun(one.second).nll.empty(); });
  return cells;
}

std::vector<Verdict> born_machine_verdicts(const BornOptions& options,
                                           const ExperimentResults& results) {
  std::vector<Verdict> verdicts{
      equal_seconds_verdict(options, results), plateau_verdict(options, results),
      published_verdict(options, results), switch_verdict(options, results)};
  if (is_reduced(options)) leave_undecided(verdicts);
  return verdicts;
}

}  // namespace ranklens::report
