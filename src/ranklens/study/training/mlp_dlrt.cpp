// Schotthöfer et al. 2022, section 5.1, in the logs of the authors' TensorFlow code: four hidden
// layers and a dense last one on MNIST, Adam of 1e-3, batches of 256. There ranks were found in up
// to 250 epochs, and 100 epochs at fixed ranks followed; here is one phase.
#include <algorithm>

#include <fmt/format.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

constexpr double kThresholds[] = {.03, .05, .07, .09, .11, .13, .15, .17};

struct Width {
  std::int64_t width;
  /// "After fine-tuning": dense, then by threshold; and the share of weights saved.
  double dense, accuracy[8], saved[8];
};

constexpr Width kWidths[] = {{200,
                              .9843,
                              {.9742, .9717, .9715, .9681, .9676, .9632, .9630, .9559},
                              {.252, .506, .671, .762, .805, .851, .862, .888}},
                             {500,
                              .9854,
                              {.9849, .9856, .9852, .9834, .9811, .9750, .9722, .9690},
                              {.3496, .6155, .7526, .8257, .8652, .8922, .9112, .9244}},
                             {784,
                              .9853,
                              {.9861, .9859, .9858, .9849, .9812, .9795, .9781, .9740},
                              {.5137, .6821, .7870, .8411, .8862, .9104, .9301, .9428}}};

std::string arm_of(std::int64_t width, const std::string& what) {
  return fmt::format("w{}-{}", width, what);
}

nn::Network mlp_of(std::int64_t width, bool low_rank, std::uint64_t seed) {
  nn::zoo::Options options{.hidden = {width, width, width, width}, .seed = seed};
  if (low_rank) {
    options.layers = fmt::format("fc*: low_rank(r={})", std::min<std::int64_t>(350, width / 2));
  }
  return nn::zoo::mlp(options);
}

}  // namespace

Reproduction mlp_dlrt(const Options& options) {
  const bool full = options.extent == Extent::full;
  auto trials = grey_trials("mlp-dlrt", options);
  std::vector<Published> published;
  train::FitOptions fit{
      .epochs = epochs_of(options, 50, 4), .batch = 256, .best_by = train::BestBy::accuracy};
  for (const auto seed : seeds_of(options, 3)) {
    for (const auto& one : kWidths) {
      if (!full && one.width != 200) continue;
      const auto add = [&](const std::string& arm, bool low_rank) {
        trials.trials.push_back({.arm = arm,
                                 .seed = seed,
                                 .network = [width = one.width, low_rank,
                                             seed] { return mlp_of(width, low_rank, seed); },
                                 .phases = {{.fit = fit}}});
      };
      fit.optimiser = "adam(lr=1e-3)";
      add(arm_of(one.width, "dense"), false);
      for (std::size_t k = 0; k < std::size(kThresholds); ++k) {
        if (!full && k % 4 != 1) continue;
        fit.optimiser = fmt::format("bug(lr=1e-3,tau={},s=1)", kThresholds[k]);
        add(arm_of(one.width, fmt::format("tau-{}", kThresholds[k])), true);
      }
    }
  }
  for (const auto& one : kWidths) {
    published.push_back({arm_of(one.width, "dense"), one.dense, 0});
    for (std::size_t k = 0; k < std::size(kThresholds); ++k) {
      published.push_back({arm_of(one.width, fmt::format("tau-{}", kThresholds[k])),
                           one.accuracy[k], one.saved[k]});
    }
  }
  return {std::move(trials), std::move(published)};
}

}  // namespace ranklens::study::reproductions
