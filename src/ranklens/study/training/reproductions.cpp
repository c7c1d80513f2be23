#include "ranklens/study/training/reproductions.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <ATen/ops/arange.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/data/open.h"

namespace ranklens::study::reproductions {
namespace {

/// Five seeds make a verdict where the experiment has as many.
constexpr std::int64_t kEnough = 5;

/// Trials from seeds that were not asked for are only told of.
void tell_only_of_more_seeds(const Options& options, Reproduction& made) {
  if (options.more_seeds.empty()) return;
  auto own = options;
  own.more_seeds.clear();
  for (auto& trial : made.trials.trials) {
    const auto fewer = made.seeds_of_arm.find(trial.arm);
    const auto runs = fewer == made.seeds_of_arm.end() ? made.seeds : fewer->second;
    trial.asked = trial.asked && is_among(seeds_of(own, runs), trial.seed);
  }
}

/// An experiment at the extent, with the arms and on the device of the options.
template <Reproduction (*experiment)(const Options&)>
Reproduction asked(const Options& options) {
  auto made = experiment(options);
  made.extent = options.extent;
  ask_for(made.trials, options.arms);
  tell_only_of_more_seeds(options, made);
  train_on(made.trials, options.device);
  return made;
}

/// As many of the images in a mixture of all classes, which does not depend on any trial's seed.
data::Dataset some_of(const data::Dataset& images, std::int64_t count) {
  base::Stream stream(0, "data", "few");
  const auto order = stream.permutation(images.size());
  return data::select(images, order.narrow(0, 0, std::min(count, images.size())));
}

/// The last images of the training part, and the test part as it is.
TrialData own_parts(const data::Dataset& training, const data::Dataset& test, double validation) {
  const auto count = training.size();
  const auto chosen = std::llround(static_cast<double>(count) * validation);
  if (chosen == 0) return {.training = training, .validation = {}, .test = test};
  return {.training = data::first(training, count - chosen),
          .validation = data::select(training, at::arange(count - chosen, count, at::kLong)),
          .test = test};
}

std::string sizes_text(const TrialData& parts) {
  const auto chosen = parts.validation.size();
  return fmt::format("{} to learn from, {}{} to tell of", parts.training.size(),
                     chosen > 0 ? fmt::format("{} to choose the epoch by, ", chosen) : "",
                     parts.test.size());
}

}  // namespace

const std::vector<Entry>& all() {
  static const std::vector<Entry> entries{
      {"lenet-dlrt", "LeNet5 on MNIST, ranks found by ten tolerances", asked<lenet_dlrt>},
      {"uv-vs-dlrt", "rank 20 from decaying singular values: U V^T against integrators",
       asked<uv_vs_dlrt>},
      {"mlp-dlrt", "dense networks on MNIST, ranks found by nine tolerances", asked<mlp_dlrt>},
      {"train-from-prune", "a dense network cut to rank 20 and trained there",
       asked<train_from_prune>},
      {"novikov-mnist", "two layers as tensor trains on MNIST", asked<novikov_mnist>},
      {"mps-mnist", "a matrix product state that tells digits apart, by sweeps and by Adam",
       asked<mps_mnist>},
      {"fine-tune-effect",
       "what tuning the cores alone adds, on CIFAR-10 (--arms vgg16,alexnet for the large "
       "networks)",
       asked<fine_tune_effect>}};
  return entries;
}

std::int64_t needed_seeds(const Reproduction& reproduction, const std::string& arm) {
  const auto own = reproduction.seeds_of_arm.find(arm);
  return std::min(kEnough,
                  own == reproduction.seeds_of_arm.end() ? reproduction.seeds : own->second);
}

bool is_among(const std::vector<std::uint64_t>& seeds, std::uint64_t seed) {
  return std::find(seeds.begin(), seeds.end(), seed) != seeds.end();
}

std::vector<std::uint64_t> seeds_of(const Options& options, std::int64_t published,
                                    std::int64_t shorter) {
  const auto own = options.extent == Extent::full ? published : shorter;
  auto seeds = options.seeds;
  for (std::int64_t k = 0; k < own && options.seeds.empty(); ++k) {
    seeds.push_back(options.first_seed + static_cast<std::uint64_t>(k));
  }
  for (const auto seed : options.more_seeds) {
    if (!is_among(seeds, seed)) seeds.push_back(seed);
  }
  return seeds;
}

std::int64_t epochs_of(const Options& options, std::int64_t full, std::int64_t quick) {
  if (options.extent == Extent::full) return full;
  return options.extent == Extent::quick ? quick : 1;
}

std::int64_t steps_of(const Options& options, const Trials& trials, const train::FitOptions& fit,
                      std::int64_t epochs, std::int64_t full) {
  const bool whole = options.extent == Extent::full;
  const auto each = whole ? full : trials.data(options.first_seed).training.size() / fit.batch;
  return std::max<std::int64_t>(1, epochs * each);
}

data::Dataset grey_images(const Options& options, std::int64_t quick_limit, std::int64_t side,
                          data::Split split) {
  if (options.extent == Extent::smoke && options.data.empty()) {
    return data::open(fmt::format("scenes:train=240,test=80,size={}", side > 0 ? side : 28),
                      {.split = split, .grey = true});
  }
  base::require(!options.data.empty(), "the experiment's images are needed: --data mnist:DIR");
  auto images = data::open(options.data, {.split = split, .grey = true, .size = side});
  if (options.extent == Extent::full) return images;
  return some_of(images, options.extent == Extent::quick ? quick_limit : 320);
}

Trials grey_trials(const char* name, const Options& options, const GreyImages& how) {
  if (how.own_parts) {
    const auto training = grey_images(options, 6000, how.side, data::Split::train);
    const auto test = grey_images(options, 1000, how.side, data::Split::test);
    auto parts = own_parts(training, test, how.validation);
    return {.name = name,
            .settings = {{"data", training.hash + "-" + test.hash}},
            .data = [parts](std::uint64_t) -> TrialData { return parts; },
            .images = sizes_text(parts) + ", the data's own parts for every seed"};
  }
  const auto images = std::make_shared<const data::Dataset>(grey_images(options, 7000, how.side));
  // Sizes do not depend on the seed.
  const auto parts = split_anew(*images, how.validation, how.test, options.first_seed);
  return {.name = name,
          .settings = {{"data", images->hash}},
          .data =
              [images, how](std::uint64_t seed) {
                return split_anew(*images, how.validation, how.test, seed);
              },
          .images = sizes_text(parts) + ", divided anew for each seed, class by class"};
}

}  // namespace ranklens::study::reproductions
