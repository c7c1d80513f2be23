// Schotthöfer et al. 2022, section 5.1, in the logs of the authors' TensorFlow code: four hidden
// layers and a dense last one on MNIST, Adam of 1e-3, batches of 256, the last 10,000 training
// images to choose the epoch by. There ranks were found in up to 250 epochs, from 350 or half the
// width, and 100 epochs at fixed ranks followed; here is one phase of 50, in whose first ten the
// tolerance rises from the smallest: cut at once, ranks are lost before the network knows what
// they are for.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

constexpr std::size_t kMlpRows = 8;
constexpr std::int64_t kEpochsToTau = 10, kMlpStepsAnEpoch = 195;  // 50,000 images by 256
constexpr std::array<double, kMlpRows> kThresholds{.03, .05, .07, .09, .11, .13, .15, .17};

/// Ours: a printed row is held against the run that saves as many weights, and those of its own
/// tolerance may save fewer.
constexpr double kOneMore = .2;

using HiddenRanks = std::array<std::int64_t, 4>;

struct Width {
  std::int64_t width;
  /// "After fine-tuning", in percent: dense, then by threshold; and the ranks.
  double dense;
  std::array<double, kMlpRows> accuracy;
  std::array<HiddenRanks, kMlpRows> ranks;
};

constexpr Width kWidths[] = {{200,
                              98.43,
                              {97.42, 97.17, 97.15, 96.81, 96.76, 96.32, 96.30, 95.59},
                              {{{71, 113, 114, 115},
                                {47, 69, 74, 81},
                                {37, 40, 45, 48},
                                {28, 30, 32, 30},
                                {24, 23, 25, 24},
                                {17, 16, 22, 19},
                                {16, 17, 18, 17},
                                {11, 15, 15, 16}}}},
                             {500,
                              98.54,
                              {98.49, 98.56, 98.52, 98.34, 98.11, 97.50, 97.22, 96.90},
                              {{{176, 170, 171, 174},
                                {81, 104, 111, 117},
                                {52, 67, 73, 72},
                                {35, 53, 51, 46},
                                {27, 40, 37, 38},
                                {20, 31, 32, 30},
                                {17, 25, 26, 24},
                                {13, 21, 24, 20}}}},
                             {784,
                              98.53,
                              {98.61, 98.59, 98.58, 98.49, 98.12, 97.95, 97.81, 97.40},
                              {{{190, 190, 190, 190},
                                {124, 120, 125, 126},
                                {76, 86, 85, 83},
                                {56, 67, 63, 59},
                                {35, 49, 47, 43},
                                {29, 35, 38, 34},
                                {22, 29, 27, 27},
                                {17, 23, 22, 23}}}}};

/// From 784 pixels through four layers of one width to 10 classes, the last layer dense.
double saved_by_mlp(std::int64_t width, const HiddenRanks& ranks) {
  const auto last = 10 * width;
  std::int64_t stored = last, dense = last, from = 784;
  for (const auto rank : ranks) {
    stored += rank * (from + width);
    dense += from * width;
    from = width;
  }
  return 1 - static_cast<double>(stored) / static_cast<double>(dense);
}

std::string arm_of(std::int64_t width, const std::string& what) {
  return fmt::format("w{}-{}", width, what);
}

std::int64_t most_rank(std::int64_t width) { return std::min<std::int64_t>(350, width / 2); }

nn::Network mlp_of(std::int64_t width, bool low_rank, std::uint64_t seed) {
  nn::zoo::Options options{.hidden = {width, width, width, width}, .seed = seed};
  if (low_rank) options.layers = fmt::format("fc*: low_rank(r={})", most_rank(width));
  return nn::zoo::mlp(options);
}

std::vector<Published> published_mlps() {
  std::vector<Published> rows;
  for (const auto& one : kWidths) {
    rows.push_back({.arm = arm_of(one.width, "dense"), .accuracy = one.dense / 100});
    for (std::size_t k = 0; k < kMlpRows; ++k) {
      rows.push_back({.arm = arm_of(one.width, fmt::format("tau-{}", kThresholds.at(k))),
                      .accuracy = one.accuracy.at(k) / 100,
                      .saved = saved_by_mlp(one.width, one.ranks.at(k))});
    }
  }
  return rows;
}

}  // namespace

Reproduction mlp_dlrt(const Options& options) {
  const bool full = options.extent == Extent::full;
  auto trials = grey_trials("mlp-dlrt", options, {.validation = 1. / 6, .own_parts = true});
  train::FitOptions fit{
      .epochs = epochs_of(options, 50, 4), .batch = 256, .best_by = train::BestBy::accuracy};
  const auto epochs_to_tau = std::min(kEpochsToTau, fit.epochs / 2);
  const auto steps_to_tau = steps_of(options, trials, fit, epochs_to_tau, kMlpStepsAnEpoch);
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
      fit.optimiser = "adam(lr=1e-3)", fit.best_from = 1;
      add(arm_of(one.width, "dense"), false);
      // Chosen among the epochs in which the tolerance is there: before, ranks are higher.
      fit.best_from = epochs_to_tau + 1;
      const auto add_tolerance = [&](double tau) {
        fit.optimiser = fmt::format("bug(lr=1e-3,tau={},tau_end={},over={},s=1,floor=2,cap={})",
                                    kThresholds.front(), tau, steps_to_tau, most_rank(one.width));
        add(arm_of(one.width, fmt::format("tau-{}", tau)), true);
      };
      for (std::size_t k = 0; k < kMlpRows; ++k) {
        if (full || k % 4 == 1) add_tolerance(kThresholds.at(k));
      }
      if (full) add_tolerance(kOneMore);
    }
  }
  return {.trials = std::move(trials), .published = published_mlps(), .seeds = 3};
}

}  // namespace ranklens::study::reproductions
