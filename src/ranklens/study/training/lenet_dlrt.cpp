// Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco 2022, section 5.2, in the runs that the authors
// published with their code for PyTorch: 5 runs, 20 epochs, rate 0.05, batches of 128, images
// divided anew 50,000 / 10,000 / 10,000, the epoch chosen on the second part. Ranks begin at half
// of what a weight can have, and stay within 2 and that. Ours differ in three ways: momentum and a
// rate that falls to zero, the dense network's too, and a tolerance that reaches its value in the
// middle of the training: cut at once, ranks are lost before the network knows what they are for.
// At ranks of two to four a tolerance leaves it to chance which weight ends with one more, so the
// last two rows are also met at their own ranks, to which a bound on all numbers comes down, early:
// so few ranks learn slowly.
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

constexpr std::int64_t kLenetRuns = 5;
constexpr std::int64_t kStepsAnEpoch = 390;  // 50,000 images
constexpr std::size_t kRowsOfFewRanks = 2;
constexpr const char* kLayers =
    "conv1: low_rank(r=10); conv2: low_rank(r=25); head: low_rank(r=250)";

/// As printed, in percent, over 5 runs; ranks of one run.
struct PrintedLenet {
  double tau, accuracy, deviation;
  std::array<std::int64_t, 3> ranks;
};
constexpr PrintedLenet kPrintedLenets[] = {
    {.09, 98.161, .260, {10, 23, 62}}, {.11, 98.212, .438, {10, 20, 48}},
    {.13, 97.872, .489, {9, 16, 37}},  {.15, 98.139, .329, {9, 16, 28}},
    {.2, 98.115, .343, {8, 8, 15}},    {.3, 97.451, .484, {4, 6, 8}},
    {.4, 95.967, .949, {2, 4, 4}},     {.45, 94.068, .486, {2, 2, 3}}};

/// Of 20 filters of 5x5, 50 of 20 x 5x5 and 800 to 500, in factors of these ranks.
std::int64_t numbers_of_lenet(const std::array<std::int64_t, 3>& ranks) {
  constexpr std::array<std::int64_t, 3> kSums{20 + 25, 50 + 500, 500 + 800};
  return std::inner_product(ranks.begin(), ranks.end(), kSums.begin(), std::int64_t{0});
}

/// With the dense last layer; the printed shares leave out the factor on the input's side.
double saved_by_lenet(const std::array<std::int64_t, 3>& ranks) {
  return 1 - static_cast<double>(5000 + numbers_of_lenet(ranks)) / 430500;
}

std::vector<Published> published_lenets() {
  // Whether deviations were printed with n or n - 1 is not known: n gives the wider reading.
  const double sample = std::sqrt(static_cast<double>(kLenetRuns) / (kLenetRuns - 1));
  std::vector<Published> rows{
      {.arm = "dense", .accuracy = .98819, .deviation = .00064 * sample, .runs = kLenetRuns}};
  for (const auto& one : kPrintedLenets) {
    rows.push_back({.arm = fmt::format("tau-{}", one.tau),
                    .accuracy = one.accuracy / 100,
                    .saved = saved_by_lenet(one.ranks),
                    .deviation = one.deviation / 100 * sample,
                    .runs = kLenetRuns});
  }
  return rows;
}

}  // namespace

Reproduction lenet_dlrt(const Options& options) {
  const bool full = options.extent == Extent::full;
  // The largest is ours: it saves what the last printed row does.
  const auto thresholds = full ? std::vector<double>{.07, .09, .11, .13, .15, .2, .3, .4, .45, .55}
                               : std::vector<double>{.15, .3};
  auto trials = grey_trials("lenet-dlrt", options);

  train::FitOptions fit{.epochs = epochs_of(options, 20, 4),
                        .batch = 128,
                        .schedule = "cosine",
                        .best_by = train::BestBy::accuracy};
  const auto steps = steps_of(options, trials, fit, fit.epochs / 2, kStepsAnEpoch);
  for (const auto seed : seeds_of(options, kLenetRuns)) {
    const auto add = [&, seed](const std::string& arm, const std::string& layers,
                               const std::string& optimiser) {
      fit.optimiser = optimiser;
      trials.trials.push_back(
          {.arm = arm,
           .seed = seed,
           .network = [seed, layers] { return nn::zoo::lenet5({.layers = layers, .seed = seed}); },
           .phases = {{.fit = fit}}});
    };
    fit.best_from = 1;
    add("dense", "", "sgd(lr=0.05,momentum=0.9)");
    // Chosen among the epochs in which the tolerance is there: before, ranks are higher.
    fit.best_from = fit.epochs / 2 + 1;
    for (const double tau : thresholds) {
      add(fmt::format("tau-{}", tau), kLayers,
          fmt::format("bug(lr=0.05,tau=0.05,tau_end={},over={},s=1,floor=2,"
                      "layers=conv1::10;conv2::25;head::250,rule=sgd,momentum=0.9)",
                      tau, steps));
    }
    for (const auto& one : std::span(kPrintedLenets).last(full ? kRowsOfFewRanks : 0)) {
      const auto numbers = numbers_of_lenet(one.ranks);
      const auto& [conv1, conv2, head] = one.ranks;
      add(fmt::format("tau-0.01-to-{}", numbers), kLayers,
          fmt::format("bug(lr=0.05,tau=0.01,budget={},budget_over={},s=1,floor=2,"
                      "layers=conv1::10:{};conv2::25:{};head::250:{},rule=sgd,momentum=0.9)",
                      numbers, steps / 3, conv1, conv2, head));
    }
  }
  return {.trials = std::move(trials), .published = published_lenets(), .seeds = kLenetRuns};
}

}  // namespace ranklens::study::reproductions
