// Stoudenmire, Schwab 2016: MNIST in means of 2x2 pixels, 60,000 images to learn from, two-site
// sweeps on the mean of |f - y|^2 / 2. Printed test errors: about 5 % at bond 10, 2 % at 20, 0.97 %
// at 120 after three sweeps. The paper's sites are (cos, sin) of the grey value times pi / 2, in a
// zigzag, and its label moves with the sweeps; the code published with it takes (1, x / 4), row by
// row, holds the label on the middle core and takes four conjugate gradients a bond. So do the
// sweeps here; the paper's sites, (1 - x, x), which are Adam's, and the label that moves are tried
// at the bonds that take minutes.
#include <map>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/mps_sweeps.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

/// Printed accuracies by the bond.
struct PrintedMps {
  std::int64_t bond;
  double accuracy;
};
constexpr PrintedMps kPrintedMps[] = {{10, .95}, {20, .98}, {120, .9903}};

Trial by_adam(const std::string& arm, std::int64_t bond, std::int64_t epochs, std::uint64_t seed) {
  return {
      .arm = arm,
      .seed = seed,
      .network = [bond, seed] { return nn::zoo::mps_classifier({.width = bond, .seed = seed}); },
      .phases = {{.fit = {.epochs = epochs, .batch = 100, .optimiser = "adam(lr=1e-3)"}}},
      .follow_test = true};
}

Trial by_sweeps(const std::string& arm, const MpsSweeps& how) {
  return {.arm = arm,
          .seed = how.seed,
          .make = [how](const TrialData& data, const Experiment::Work& work) {
            return run_sweeps(how, data, work);
          }};
}

}  // namespace

Reproduction mps_mnist(const Options& options) {
  Reproduction made{
      .trials = grey_trials("mps-mnist", options, {.validation = 0, .own_parts = true}),
      .seeds = 3};
  auto& trials = made.trials;
  const auto sweeps = epochs_of(options, 5, 2), epochs = epochs_of(options, 20, 4);
  for (const auto& row : kPrintedMps) {
    if (options.extent != Extent::full && row.bond != 10) continue;
    const auto adam = fmt::format("adam-d{}", row.bond);
    made.published.push_back({.arm = adam, .accuracy = row.accuracy});
    std::map<std::string, MpsSweeps> forms{
        {fmt::format("sweeps-d{}", row.bond), {.bond = row.bond, .sweeps = sweeps}}};
    if (row.bond <= 20) {
      forms[fmt::format("sweeps-cosine-d{}", row.bond)] = {
          .bond = row.bond, .sweeps = sweeps, .map = SiteMap::cosine};
      forms[fmt::format("sweeps-linear-d{}", row.bond)] = {
          .bond = row.bond, .sweeps = sweeps, .map = SiteMap::linear, .damping = 1};
      forms[fmt::format("sweeps-moving-d{}", row.bond)] = {
          .bond = row.bond, .sweeps = sweeps, .label = optim::LabelCore::moving};
    }
    for (const auto& [arm, how] : forms) {
      made.published.push_back({.arm = arm, .accuracy = row.accuracy});
      trials.settings["sweeps"][arm] = to_json(how);
    }
    for (const auto seed : seeds_of(options, 3)) {
      trials.trials.push_back(by_adam(adam, row.bond, epochs, seed));
      for (auto [arm, how] : forms) {
        how.seed = seed;
        trials.trials.push_back(by_sweeps(arm, how));
      }
    }
  }
  return made;
}

}  // namespace ranklens::study::reproductions
