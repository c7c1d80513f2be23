#include "ranklens/study/training/trials.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "ranklens/base/error.h"
#include "ranklens/train/compute.h"
#include "ranklens/train/evaluate.h"
#include "ranklens/train/try_step.h"

namespace ranklens::study {
namespace {

using nlohmann::json;

json recipe_of(const Trial& trial) {
  json recipe = json::array();
  for (const auto& phase : trial.phases) {
    const auto& fit = phase.fit;
    recipe.push_back({{"phase", phase.name},
                      {"epochs", fit.epochs},
                      {"batch", fit.batch},
                      {"optimiser", fit.optimiser},
                      {"schedule", fit.schedule},
                      {"crop", fit.augment.crop},
                      {"flip", fit.augment.flip},
                      {"clip_norm", fit.clip_norm},
                      {"clip_value", fit.clip_value},
                      {"label_smoothing", fit.label_smoothing},
                      {"accumulate", fit.accumulate},
                      {"rate", fit.rate},
                      {"best_by", fit.best_by == train::BestBy::loss ? "loss" : "accuracy"},
                      {"best_from", fit.best_from},
                      {"compute", train::to_string(fit.execution.compute)},
                      {"channels_last", fit.execution.channels_last}});
    if (!phase.from.empty()) recipe.back()["from"] = phase.from;
  }
  return recipe;
}

/// The images of the seed that was asked for last: trials of one seed stand together.
class Kept {
 public:
  explicit Kept(std::function<TrialData(std::uint64_t)> open) : open_(std::move(open)) {}
  const TrialData& of(std::uint64_t seed) {
    if (!kept_ || kept_->first != seed) kept_ = {seed, open_(seed)};
    return kept_->second;
  }

 private:
  std::function<TrialData(std::uint64_t)> open_;
  std::optional<std::pair<std::uint64_t, TrialData>> kept_;
};

/// A step of every arm that is asked for: images that its network does not take, and an optimiser
/// that has nothing to do in it, show at once.
void try_arms(const Trials& trials, Kept& kept) {
  std::set<std::string> tried;
  for (const auto& trial : trials.trials) {
    if (!trial.asked || trial.make || !tried.insert(trial.arm).second) continue;
    const auto& first = trial.phases.front();
    const auto network = trial.network();
    const auto& images = kept.of(trial.seed).training;
    train::check_fits(network, images);
    train::try_step(first.before ? first.before(network) : network, images, first.fit.optimiser,
                    first.fit.execution);
  }
}

}  // namespace

void ask_for(Trials& trials, const std::vector<std::string>& arms) {
  if (arms.empty()) return;
  std::set<std::string> there;
  for (const auto& trial : trials.trials) there.insert(trial.arm);
  for (const auto& arm : arms) {
    base::require(there.contains(arm), "{} has no arm '{}'{}", trials.name, arm,
                  base::nearest_hint(arm, {there.begin(), there.end()}));
  }
  for (auto& trial : trials.trials) {
    trial.asked = std::find(arms.begin(), arms.end(), trial.arm) != arms.end();
  }
}

void train_on(Trials& trials, at::Device device) {
  trials.device = device;
  if (device.is_cpu()) return;
  for (auto& trial : trials.trials) {
    base::require(!trial.make || !trial.asked,
                  "{} has parts that the processor alone computes: --device cpu", trials.name);
    trial.network = [fresh = trial.network, device] {
      auto network = fresh();
      network.state = network.state.to(device);
      return network;
    };
  }
}

void show_finished(Trials& trials, const ExperimentResults& results) {
  for (auto& trial : trials.trials) {
    trial.asked = trial.asked || results.cells.contains(name_of(trial));
  }
}

Experiment experiment(const Trials& trials) {
  base::require(!trials.trials.empty(), "the experiment '{}' has no trial", trials.name);
  Experiment made{.name = trials.name, .settings = trials.settings, .device = trials.device};
  std::map<std::string, Trial> by_name;
  json recipes = json::object();
  for (const auto& trial : trials.trials) {
    recipes[trial.arm] = recipe_of(trial);
    (trial.asked ? made.cells : made.others).push_back(name_of(trial));
    if (trial.asked) by_name[made.cells.back()] = trial;
  }
  base::require(!made.cells.empty(), "none of the arms of '{}' is asked for", trials.name);
  made.settings["arms"] = recipes;
  const auto kept = std::make_shared<Kept>(trials.data);
  made.check = [trials, kept] { try_arms(trials, *kept); };
  made.make = [by_name, kept](const Experiment::Work& work) {
    const auto& trial = by_name.at(work.cell);
    return run(trial, kept->of(trial.seed), work);
  };
  return made;
}

}  // namespace ranklens::study
