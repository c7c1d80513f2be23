// Stoudenmire, Schwab 2016: MNIST in means of 2x2 pixels, each site (cos, sin) of the value times
// pi / 2, two-site sweeps on the mean of |f - y|^2 / 2. Printed test errors: about 5 % at bond 10,
// 2 % at 20, 0.97 % at 120.
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/memory.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/optim/dmrg/classifier.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

using nlohmann::json;

/// [n, 196, 2] of 28x28 images.
at::Tensor site_features(const data::Dataset& data) {
  const double scale = data.images.scalar_type() == at::kByte ? 255 : 1;
  const auto means = at::avg_pool2d(data.images.to(at::kFloat) / scale, {2, 2}).flatten(1);
  const auto angle = means * (M_PI / 2);
  return at::stack({angle.cos(), angle.sin()}, -1);
}

double accuracy_of(const at::Tensor& values, const at::Tensor& labels) {
  return values.argmax(1).eq(labels).to(at::kDouble).mean().item<double>();
}

/// Values of many images, some at a time.
at::Tensor values_of(const optim::LabelledState& state, const at::Tensor& features) {
  std::vector<at::Tensor> parts;
  for (const auto& part : features.split(5000)) parts.push_back(optim::values(state, part));
  return at::cat(parts);
}

struct Sweeps {
  std::int64_t bond = 0, count = 0;
  std::uint64_t seed = 0;
};

json swept(const Sweeps& sweeps, const TrialData& data, const Experiment::Work& work) {
  const at::NoGradGuard no_gradients;
  const auto features = site_features(data.training), seen = site_features(data.test);
  // What lies before and behind every site, for every image.
  const double environments = 2.0 * static_cast<double>(features.size(0)) *
                              static_cast<double>(features.size(1)) *
                              static_cast<double>(sweeps.bond);
  base::require_memory(environments * sizeof(float),
                       fmt::format("sweeping {} images at bond {}", features.size(0), sweeps.bond));
  const auto classes = static_cast<std::int64_t>(data.training.classes.size());
  optim::DmrgClassifier trainer(features, data.training.labels, classes, sweeps.seed,
                                {.bond = sweeps.bond, .cutoff = 1e-8, .iterations = 6});
  json history = json::array();
  double accuracy = 0, seconds = 0;
  for (std::int64_t sweep = 1; sweep <= sweeps.count; ++sweep) {
    base::report(work.progress, {.stage = work.cell,
                                 .done = static_cast<double>(sweep - 1),
                                 .total = static_cast<double>(sweeps.count),
                                 .unit = "sweeps"});
    const base::Stopwatch watch;
    trainer.sweep();
    if (base::interrupted()) return nullptr;
    train::EpochMetrics metrics{.epoch = sweep, .steps = sweep, .loss = trainer.loss()};
    metrics.seconds = watch.seconds();
    seconds += metrics.seconds;
    metrics.accuracy = accuracy_of(values_of(trainer.state(), features), data.training.labels);
    metrics.validation_loss = metrics.validation_accuracy = std::nan("");
    metrics.images_per_second = static_cast<double>(features.size(0)) / metrics.seconds;
    accuracy = accuracy_of(values_of(trainer.state(), seen), data.test.labels);
    metrics.observed["test_accuracy"] = accuracy;
    history.push_back(to_json(metrics));
  }
  std::int64_t numbers = 0;
  for (const auto& core : trainer.state().cores) numbers += core.numel();
  return {{"phases",
           {{{"name", "training"},
             {"history", history},
             {"best_epoch", sweeps.count},
             {"test", {{"accuracy", accuracy}, {"loss", trainer.loss()}}},
             {"weights", {{"stored", numbers}, {"dense", numbers}}},
             {"ranks", json::object()},
             {"seconds", seconds}}}}};
}

}  // namespace

Reproduction mps_mnist(const Options& options) {
  const bool full = options.extent == Extent::full;
  auto trials = grey_trials("mps-mnist", options, {.validation = 0});
  const auto bonds = full ? std::vector<std::int64_t>{10, 20, 120} : std::vector<std::int64_t>{10};
  const auto sweeps = epochs_of(options, 6, 3), epochs = epochs_of(options, 20, 4);
  trials.settings["sweeps"] = sweeps;
  for (const auto bond : bonds) {
    for (const auto seed : seeds_of(options, 3)) {
      trials.trials.push_back(
          {.arm = fmt::format("adam-d{}", bond),
           .seed = seed,
           .network = [bond,
                       seed] { return nn::zoo::mps_classifier({.width = bond, .seed = seed}); },
           .phases = {{.fit = {.epochs = epochs, .batch = 100, .optimiser = "adam(lr=1e-3)"}}},
           .follow_test = true});
      trials.trials.push_back({.arm = fmt::format("sweeps-d{}", bond),
                               .seed = seed,
                               .make = [how = Sweeps{bond, sweeps, seed}](
                                           const TrialData& data, const Experiment::Work& work) {
                                 return swept(how, data, work);
                               }});
    }
  }
  return {std::move(trials),
          {{"adam-d10", .95},
           {"sweeps-d10", .95},
           {"adam-d20", .98},
           {"sweeps-d20", .98},
           {"adam-d120", .99},
           {"sweeps-d120", .99}}};
}

}  // namespace ranklens::study::reproductions
