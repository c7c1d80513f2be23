// Schotthöfer, Zangrando, Kusch, Ceruti, Tudisco 2022, section 5.2, in the runs that the authors
// published with their code for PyTorch: 5 runs, 20 epochs, SGD of 0.05, batches of 128, images
// divided anew 50,000 / 10,000 / 10,000, the epoch chosen on the second part.
#include <fmt/format.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

/// Accuracies as printed, means of 5 runs; `saved` counted anew from the printed ranks as r (m + n)
/// (the printed ratios leave out the factor on the input's side).
const std::vector<Published>& published_lenets() {
  static const std::vector<Published> rows{
      {"dense", .9882, 0},         {"tau-0.09", .98161, .7707}, {"tau-0.11", .98212, .8168},
      {"tau-0.13", .97872, .8553}, {"tau-0.15", .98139, .8825}, {"tau-0.2", .98115, .9320},
      {"tau-0.3", .97451, .9561},  {"tau-0.4", .95967, .9710},  {"tau-0.45", .94068, .9766}};
  return rows;
}

}  // namespace

Reproduction lenet_dlrt(const Options& options) {
  const bool full = options.extent == Extent::full;
  const auto thresholds = full ? std::vector<double>{.07, .09, .11, .13, .15, .2, .3, .4, .45}
                               : std::vector<double>{.15, .3};
  auto trials = grey_trials("lenet-dlrt", options);

  train::FitOptions fit{.epochs = epochs_of(options, 20, 4),
                        .batch = 128,
                        .optimiser = "sgd(lr=0.05)",
                        .best_by = train::BestBy::accuracy};
  for (const auto seed : seeds_of(options, 5)) {
    const auto add = [&, seed](const std::string& arm, const std::string& layers) {
      trials.trials.push_back(
          {.arm = arm,
           .seed = seed,
           .network = [seed, layers] { return nn::zoo::lenet5({.layers = layers, .seed = seed}); },
           .phases = {{.fit = fit}}});
    };
    fit.optimiser = "sgd(lr=0.05)";
    add("dense", "");
    for (const double tau : thresholds) {
      fit.optimiser = fmt::format("bug(lr=0.05,tau={},s=1,rule=sgd)", tau);
      add(fmt::format("tau-{}", tau),
          "conv1: low_rank(r=10); conv2: low_rank(r=25); head: low_rank(r=250)");
    }
  }
  return {std::move(trials), published_lenets()};
}

}  // namespace ranklens::study::reproductions
