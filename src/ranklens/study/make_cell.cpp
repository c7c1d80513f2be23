#include "ranklens/study/make_cell.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/folder.h"
#include "ranklens/study/head_entropy.h"
#include "ranklens/study/rates.h"
#include "ranklens/study/training/counts.h"
#include "ranklens/train/evaluate.h"

namespace ranklens::study {
namespace {

/// What trained the network and, here and now, explains it; and on what.
std::map<std::string, std::string> provenance_of(const Material& material,
                                                 train::Provenance computed, at::Device device) {
  auto here = train::provenance_here(device);
  for (const auto* of_training_alone : {"convolutions", "kept states"})
    here.erase(of_training_alone);
  train::add(computed, here);
  std::map<std::string, std::string> texts{
      {"training data", material.train.hash},
      {"held-out data", material.test.hash},
      {"training images", std::to_string(material.train.size())},
      {"held-out images", std::to_string(material.test.size())}};
  for (const auto& [key, values] : computed) texts[key] = joined(values);
  return texts;
}

/// The factors that a head consists of, or how its one weight is stored; of many weights their
/// number.
std::string head_of(const nn::Network& network) {
  constexpr std::size_t most = 4;
  std::vector<std::string> factorised;
  for (const auto& name : network.state.names()) {
    const auto& weight = *network.state.at(name).weight;
    if (weight.kind() != "dense") factorised.push_back(weight.spec());
  }
  if (factorised.empty()) return "dense";
  if (factorised.size() > most) return fmt::format("{} weights in factors", factorised.size());
  return fmt::format("{}", fmt::join(factorised, ", "));
}

/// Steps and validation as the epochs say; whatever else training took is "other".
void add_training_seconds(const train::FitResult& trained, Cell& cell) {
  double train = 0, validate = 0;
  for (const auto& epoch : trained.history) {
    train += epoch.seconds;
    validate += epoch.validation_seconds;
  }
  cell.seconds["train"] = train;
  cell.seconds["validate"] = validate;
  cell.seconds["other"] += std::max(0.0, trained.seconds - train - validate);
}

}  // namespace

std::filesystem::path work_folder(const RunOptions& options, const std::string& arm,
                                  std::uint64_t seed) {
  return (options.work.empty() ? options.folder / "work" : options.work) / cell_name(arm, seed);
}

train::FitOptions fit_options(const Config& config, const RunOptions& options,
                              const std::string& arm, std::uint64_t seed) {
  const auto name = cell_name(arm, seed);
  train::FitOptions fit;
  fit.epochs = config.epochs;
  fit.batch = config.batch;
  fit.optimiser = optimiser_of(config, arm);
  fit.schedule = config.schedule;
  fit.clip_norm = config.clip_norm;
  fit.seed = seed;
  fit.augment = {.crop = static_cast<int>(config.crop), .flip = config.flip};
  fit.execution = {.compute = train::parse_compute(config.compute),
                   .channels_last = options.channels_last,
                   .low_memory = config.low_memory};
  fit.folder = work_folder(options, arm, seed);
  fit.progress = options.progress;
  fit.stage = fmt::format("train {}", name);
  fit.data_text = config.data;
  fit.note = options.note;
  fit.lock_folder = false;
  fit.log_steps = 0;  // a cell keeps what was observed after each epoch
  return fit;
}

std::optional<MadeCell> make_cell(const Config& config, const RunOptions& options,
                                  const Material& material, const std::string& arm_name,
                                  std::uint64_t seed) {
  base::Stopwatch watch;
  const auto own = arm(config, arm_name);
  auto fresh = build(own, config, material.train, seed);
  fresh.state = fresh.state.to(options.device);
  MadeCell made;
  auto& cell = made.cell;
  cell.arm = arm_name;
  cell.seed = seed;
  cell.identity = identity_digest(config, arm_name);
  if (own.recipe) cell.recipe = recipe_text(own);
  cell.rate = chosen_rate(config, options.folder, arm_name);
  cell.parameters = fresh.state.trainable_parameters();
  cell.head = head_of(fresh);

  auto fit = fit_options(config, options, arm_name, seed);
  fit.rate = cell.rate;
  const auto modes = head_modes(build(arm(config, "tt-matched"), config, material.train, seed));
  fit.observe = [&](const nn::Network& network) { return head_entropies(network, modes); };
  cell.seconds["other"] = watch.restart();
  const auto trained = train::fit(fresh, material.train, material.test, fit);
  if (trained.ending == train::FitResult::Ending::interrupted) return std::nullopt;
  watch.restart();
  cell.provenance = provenance_of(material, trained.provenance, options.device);
  cell.history = trained.history;
  add_training_seconds(trained, cell);
  if (trained.ending == train::FitResult::Ending::diverged) {
    cell.failure = trained.message;
    return made;
  }
  // An optimiser may have changed the ranks.
  cell.parameters = trained.last.state.trainable_parameters();
  cell.head = head_of(trained.last);
  cell.flops = nn::flops(trained.last);
  const auto count = count_weights(trained.last);
  cell.weights = count.stored;
  cell.dense_weights = count.dense;
  const auto held_out =
      train::evaluate(trained.last, material.test,
                      {.execution = fit.execution,
                       .progress = options.progress,
                       .stage = fmt::format("evaluate {}", cell_name(arm_name, seed))});
  cell.seconds["evaluate"] = watch.restart();
  // Weights may be finite, and answers not.
  if (!std::isfinite(held_out.loss)) {
    cell.failure = "the held-out loss after the last epoch is not finite: lower the learning rate";
    return made;
  }
  cell.accuracy = held_out.accuracy;
  cell.loss = held_out.loss;
  explain_cell(config, options, material.selection, trained.last, fresh, made);
  if (base::interrupted()) return std::nullopt;
  if (!cell.failure.empty()) return made;
  cell.seconds["other"] -= cell.seconds["explain"] + cell.seconds["measure"];
  nn::write_model(fit.folder / "model.safetensors",
                  {.network = trained.last, .labels = material.train.classes, .metadata = {}});
  cell.seconds["other"] += watch.seconds();
  return made;
}

}  // namespace ranklens::study
