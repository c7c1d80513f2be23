#include "ranklens/study/training/trial.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/study/training/counts.h"
#include "ranklens/train/evaluate.h"

namespace ranklens::study {
namespace {

using nlohmann::json;
using Ending = train::FitResult::Ending;

train::FitOptions fit_options(const Trial& trial, const Phase& phase, const TrialData& data,
                              const Experiment::Work& work) {
  auto fit = phase.fit;
  fit.seed = trial.seed;
  fit.log_steps = 0;
  fit.lock_folder = false;
  if (!work.folder.empty()) fit.folder = work.folder / phase.name;
  fit.stage = fmt::format("{} {}", phase.name, work.cell);
  fit.progress = work.progress;
  fit.note = work.note;
  const train::EvaluateOptions how{.execution = fit.execution};
  if (trial.follow_test) {
    fit.observe = [&data, how](const nn::Network& network) {
      return std::map<std::string, double>{
          {"test_accuracy", train::evaluate(network, data.test, how).accuracy}};
    };
  }
  return fit;
}

json outcome(const nn::Network& network, const Phase& phase, const TrialData& data) {
  const auto test = train::evaluate(network, data.test, {.execution = phase.fit.execution});
  return {{"accuracy", test.accuracy}, {"loss", test.loss}};
}

json described(const train::FitResult& result, const Phase& phase, const TrialData& data) {
  json history = json::array();
  for (const auto& epoch : result.history) history.push_back(to_json(epoch));
  const auto weights = count_weights(result.best);
  return {{"name", phase.name},
          {"history", history},
          {"best_epoch", result.best_epoch},
          {"test", outcome(result.best, phase, data)},
          {"weights", {{"stored", weights.stored}, {"dense", weights.dense}}},
          {"ranks", ranks_of(result.best)},
          {"seconds", result.seconds}};
}

/// What of a training that took `now` seconds here was done before.
void add_earlier(const train::FitResult& result, double now, Experiment::Earlier& earlier) {
  earlier.seconds += std::max(0.0, result.seconds - now);
  train::add(earlier.provenance, result.provenance);
}

}  // namespace

std::string name_of(const Trial& trial) { return fmt::format("{}-s{}", trial.arm, trial.seed); }

json run(const Trial& trial, const TrialData& data, const Experiment::Work& work) {
  if (trial.make) return trial.make(data, work);
  json phases = json::array();
  auto network = trial.network();
  std::map<std::string, nn::Network> ends;
  for (const auto& phase : trial.phases) {
    if (!phase.from.empty()) network = ends.at(phase.from);
    json before;
    if (phase.before) {
      network = phase.before(network);
      before = outcome(network, phase, data);
    }
    const base::Stopwatch watch;
    const auto result =
        train::fit(network, data.training, data.validation, fit_options(trial, phase, data, work));
    if (work.earlier != nullptr) add_earlier(result, watch.seconds(), *work.earlier);
    if (result.ending == Ending::interrupted) return nullptr;
    if (result.ending == Ending::diverged)
      return {{"phases", phases}, {"diverged", result.message}};
    phases.push_back(described(result, phase, data));
    if (!before.is_null()) phases.back()["before"] = before;
    network = result.best;
    ends.insert_or_assign(phase.name, network);
  }
  return {{"phases", phases}};
}

json phase_of(const json& result, const std::string& name) {
  for (const auto& phase : result.at("phases")) {
    if (phase.at("name") == name) return phase;
  }
  return nullptr;
}

}  // namespace ranklens::study
