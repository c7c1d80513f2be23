#include "ranklens/report/reproductions/trial_values.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/train/metrics.h"

namespace ranklens::report {
namespace {

using nlohmann::json;

/// The last phase, or the one of that name; null where it was not reached.
json chosen_phase(const json& result, const std::string& name) {
  if (!name.empty()) return study::phase_of(result, name);
  return result.contains("diverged") || result.at("phases").empty() ? json()
                                                                    : result.at("phases").back();
}

template <class Take>
void each_result(const study::Trials& trials, const study::ExperimentResults& results,
                 const std::string& arm, Take&& take) {
  for (const auto& trial : trials.trials) {
    const auto found = results.cells.find(name_of(trial));
    if (trial.arm == arm && found != results.cells.end()) take(trial, found->second);
  }
}

bool is_in(const std::string& arm, const std::vector<std::string>& arms) {
  return std::find(arms.begin(), arms.end(), arm) != arms.end();
}

}  // namespace

TrialNumber test_accuracy(const std::string& phase) {
  return [=](const json& result) -> std::optional<double> {
    const auto found = chosen_phase(result, phase);
    if (found.is_null()) return std::nullopt;
    return found.at("test").at("accuracy").get<double>();
  };
}

TrialNumber test_accuracy_before(const std::string& phase) {
  return [=](const json& result) -> std::optional<double> {
    const auto found = chosen_phase(result, phase);
    if (found.is_null() || !found.contains("before")) return std::nullopt;
    return found.at("before").at("accuracy").get<double>();
  };
}

TrialNumber saved_share() {
  return [](const json& result) -> std::optional<double> {
    const auto found = chosen_phase(result, "");
    if (found.is_null()) return std::nullopt;
    const auto& weights = found.at("weights");
    return 1 - weights.at("stored").get<double>() / weights.at("dense").get<double>();
  };
}

TrialNumber test_accuracy_after(std::int64_t epochs) {
  return [=](const json& result) -> std::optional<double> {
    const auto found = chosen_phase(result, "");
    if (found.is_null()) return std::nullopt;
    for (const auto& line : found.at("history")) {
      const auto epoch = train::read_metrics(line);
      const auto seen = epoch.observed.find("test_accuracy");
      if (epoch.epoch == epochs && seen != epoch.observed.end()) return seen->second;
    }
    return std::nullopt;
  };
}

std::vector<std::string> arms_of(const study::Trials& trials) {
  std::vector<std::string> arms;
  for (const auto& trial : trials.trials) {
    if (trial.asked && !is_in(trial.arm, arms)) arms.push_back(trial.arm);
  }
  return arms;
}

std::vector<std::string> arms_left_out(const study::Trials& trials) {
  const auto in = arms_of(trials);
  std::vector<std::string> arms;
  for (const auto& trial : trials.trials) {
    if (!is_in(trial.arm, in) && !is_in(trial.arm, arms)) arms.push_back(trial.arm);
  }
  return arms;
}

std::vector<study::SeedValue> values_of(const study::Trials& trials,
                                        const study::ExperimentResults& results,
                                        const std::string& arm, const TrialNumber& number) {
  std::vector<study::SeedValue> values;
  each_result(trials, results, arm, [&](const study::Trial& trial, const json& result) {
    if (const auto value = number(result)) values.push_back({trial.seed, *value});
  });
  return values;
}

std::vector<std::string> lost_seeds(const study::Trials& trials,
                                    const study::ExperimentResults& results,
                                    const std::vector<std::string>& arms) {
  std::vector<std::string> lost;
  for (const auto& arm : arms) {
    each_result(trials, results, arm, [&](const study::Trial& trial, const json& result) {
      if (result.contains("diverged")) {
        lost.push_back(fmt::format("{} from seed {} diverged", arm, trial.seed));
      }
    });
  }
  return lost;
}

std::string ranks_text(const study::Trials& trials, const study::ExperimentResults& results,
                       const std::string& arm) {
  std::map<std::string, std::pair<double, int>> sums;
  each_result(trials, results, arm, [&](const study::Trial&, const json& result) {
    const auto phase = chosen_phase(result, "");
    if (phase.is_null()) return;
    for (const auto& [name, rank] : phase.at("ranks").items()) {
      auto& [sum, count] = sums[name.substr(0, name.rfind('.'))];
      sum += rank.get<double>();
      ++count;
    }
  });
  std::vector<std::string> parts;
  for (const auto& [name, sum] : sums) {
    parts.push_back(fmt::format("{} {:.3g}", name, sum.first / sum.second));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

namespace {

/// The phases that led to the last one; others began where one of these ended.
std::set<std::string> ways_to_the_end(const study::Trial& trial) {
  std::set<std::string> names;
  for (auto left = trial.phases.size(); left > 0;) {
    const auto& phase = trial.phases[left - 1];
    names.insert(phase.name);
    const auto from = std::find_if(trial.phases.begin(), trial.phases.end(),
                                   [&](const auto& one) { return one.name == phase.from; });
    left =
        phase.from.empty() ? left - 1 : static_cast<std::size_t>(from - trial.phases.begin()) + 1;
  }
  return names;
}

}  // namespace

std::vector<ObservedRun> histories_of(const study::Trials& trials,
                                      const study::ExperimentResults& results) {
  std::vector<ObservedRun> runs;
  for (const auto& trial : trials.trials) {
    const auto found = results.cells.find(name_of(trial));
    if (found == results.cells.end()) continue;
    ObservedRun run{.arm = trial.arm, .seed = trial.seed};
    std::int64_t before = 0;
    const auto names = ways_to_the_end(trial);
    for (const auto& phase : found->second.at("phases")) {
      if (!names.empty() && !names.contains(phase.at("name").get<std::string>())) continue;
      for (const auto& line : phase.at("history")) {
        auto epoch = train::read_metrics(line);
        epoch.epoch += before;
        const auto seen = epoch.observed.find("test_accuracy");
        if (seen != epoch.observed.end()) epoch.validation_accuracy = seen->second;
        run.history.push_back(std::move(epoch));
      }
      if (!run.history.empty()) before = run.history.back().epoch;
    }
    if (!run.history.empty()) runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace ranklens::report
