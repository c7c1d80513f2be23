// Two published ways of coming to a network of low rank in two phases: from a trained dense one,
// and by tuning the cores after ranks were found.
#include <memory>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/data/open.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/decaying.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

const std::vector<std::string> kHidden{"fc1", "fc2", "fc3", "fc4"};

/// Colour images, test part told of; a few generated ones for a smoke.
TrialData colour_images(const Options& options) {
  const bool smoke = options.extent == Extent::smoke;
  base::require(smoke || !options.data.empty(),
                "the experiment's images are needed: --data cifar10:DIR");
  const auto source = options.data.empty() ? "scenes:train=160,test=80" : options.data;
  const std::int64_t limit = options.extent == Extent::full ? 0 : smoke ? 160 : 4000;
  auto training = data::open(source, {.split = data::Split::train, .limit = limit});
  return {.training = std::move(training),
          .validation = {},
          .test = data::open(source, {.split = data::Split::test, .limit = limit / 2})};
}

}  // namespace

Reproduction train_from_prune(const Options& options) {
  auto trials = grey_trials("train-from-prune", options);
  const auto epochs = epochs_of(options, 10, 2);
  const auto phase = [&](const char* name, const char* optimiser) {
    return Phase{.name = name,
                 .fit = {.epochs = epochs,
                         .batch = 256,
                         .optimiser = optimiser,
                         .best_by = train::BestBy::accuracy}};
  };
  const std::int64_t width = options.extent == Extent::full ? 500 : 200;
  for (const auto seed : seeds_of(options, 5)) {
    auto pruned = phase("at rank 20", "fixed_bug(lr=1e-3)");
    pruned.before = [](const nn::Network& dense) { return cut_to_rank(dense, 20, kHidden); };
    trials.trials.push_back({.arm = "pruned",
                             .seed = seed,
                             .network =
                                 [seed, width] {
                                   return nn::zoo::mlp(
                                       {.hidden = {width, width, width, width}, .seed = seed});
                                 },
                             .phases = {phase("dense", "adam(lr=1e-3)"), pruned}});
    trials.trials.push_back({.arm = "from-scratch",
                             .seed = seed,
                             .network =
                                 [seed, width] {
                                   return nn::zoo::mlp({.hidden = {width, width, width, width},
                                                        .layers = "fc*: low_rank(r=20)",
                                                        .seed = seed});
                                 },
                             .phases = {phase("at rank 20", "fixed_bug(lr=1e-3)")}});
  }
  return {std::move(trials)};
}

Reproduction fine_tune_effect(const Options& options) {
  const auto images = std::make_shared<const TrialData>(colour_images(options));
  Trials trials{.name = "fine-tune-effect", .settings = {{"data", images->training.hash}}};
  trials.data = [images](std::uint64_t) { return *images; };
  train::FitOptions fit{.epochs = epochs_of(options, 20, 2), .batch = 128};
  fit.augment = {.crop = 4, .flip = true};
  // Full rank is half of what a layer can have, as published; convolutions by their own size.
  const std::vector<std::pair<std::string, std::string>> networks =
      options.extent == Extent::full
          ? std::vector<
                std::pair<std::string,
                          std::string>>{{"lenet5",
                                         "conv*: low_rank(ratio=0.5); head: low_rank(ratio=0.5)"},
                                        {"resnet20",
                                         "layer*: low_rank(ratio=0.5); fc*: low_rank(ratio=0.5)"}}
          : std::vector<std::pair<std::string, std::string>>{
                {"lenet5", "conv*: low_rank(ratio=0.5); head: low_rank(ratio=0.5)"}};
  for (const auto seed : seeds_of(options, 3)) {
    for (const auto& [name, layers] : networks) {
      Phase adaptive{.name = "adaptive", .fit = fit}, tuned{.name = "cores alone", .fit = fit};
      adaptive.fit.optimiser = "bug(lr=0.05,tau=0.1,s=1,rule=sgd)";
      tuned.fit.optimiser = "core(lr=0.05,rule=sgd)";
      trials.trials.push_back(
          {.arm = name,
           .seed = seed,
           .network =
               [name = name, layers = layers, seed] {
                 return nn::zoo::make(name,
                                      {.channels = 3, .size = 32, .layers = layers, .seed = seed});
               },
           .phases = {adaptive, tuned}});
    }
  }
  // After the adaptive phase at tau = 0.1, on CIFAR-10.
  return {std::move(trials), {{"lenet5", .440, .948}, {"resnet20", .458, .929}}};
}

}  // namespace ranklens::study::reproductions
