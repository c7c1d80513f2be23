// The comparison of Schotthöfer et al. 2022, figure "robustness to small singular values", in the
// runs published with the code: LeNet5, rank 20 in its three large layers, SGD of 0.01, batches of
// 128, 20 epochs, 10 runs, images divided anew 60,000 / 10,000.
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/decaying.h"
#include "ranklens/study/training/reproductions.h"
#include "ranklens/study/training/two_core_trains.h"

namespace ranklens::study::reproductions {
namespace {

constexpr std::int64_t kFactorRuns = 10;

struct Method {
  const char* name;
  const char* optimiser;
  std::int64_t runs;
  bool trains = false;  ///< weights as trains of two cores
  bool as_coded = false;
};

/// Ranks stay at 20: floor and cap are the same. At a fixed rank a step of parallel BUG is the best
/// approximation of that rank of W - lr P(W) G, P the projection onto the tangent space: Riemannian
/// gradient descent with the retraction by a singular value decomposition. The last method is that
/// descent itself, by other code: on trains of two cores, which are matrices of rank 20. The runs
/// published as descent on U and V are those of "uv-as-coded": in their code the factors of both
/// convolutions require no gradients, and begin without the decay.
constexpr Method kMethods[] = {
    {"uv", "sgd(lr=0.01)", kFactorRuns},
    {"bug", "fixed_bug(lr=0.01,rule=sgd)", kFactorRuns},
    {"two-pass", "bug(lr=0.01,tau=0.01,s=1,floor=20,cap=20,rule=sgd)", 3},
    {"parallel", "parallel_bug(lr=0.01,tau=0.01,floor=20,cap=20,rule=sgd)", 3},
    {"riemannian", "riemannian_sgd(lr=0.01)", 3, true},
    {"uv-as-coded", "sgd(lr=0.01)", 3, false, true}};

/// In percent, after so many epochs: mean and deviation over the 10 runs, with n.
struct PrintedPoint {
  std::int64_t epochs;
  double mean, deviation;
};
struct PrintedCurve {
  const char* arm;
  PrintedPoint points[5];
};
constexpr PrintedCurve kPrintedCurves[] = {
    {"bug-d1",
     {{4, 93.95, .56}, {5, 95.06, .43}, {9, 96.68, .21}, {10, 96.91, .26}, {20, 97.81, .14}}},
    {"uv-as-coded-d1",
     {{4, 74.11, 11.7}, {5, 79.30, 10.1}, {9, 88.67, 3.69}, {10, 89.76, 3.27}, {20, 93.74, 1.39}}},
    {"bug-d2",
     {{4, 92.08, 1.01}, {5, 93.61, .66}, {9, 95.90, .56}, {10, 96.32, .55}, {20, 97.29, .29}}},
    {"uv-as-coded-d2",
     {{4, 42.81, 16.7}, {5, 49.11, 19.1}, {9, 76.97, 8.37}, {10, 79.54, 7.55}, {20, 90.91, 2.46}}},
    {"bug-d10",
     {{4, 90.69, 1.33}, {5, 92.61, 1.00}, {9, 95.69, .57}, {10, 95.87, .53}, {20, 97.07, .65}}},
    {"uv-as-coded-d10",
     {{4, 29.29, 5.86}, {5, 35.94, 6.25}, {9, 55.28, 12.6}, {10, 60.33, 12.8}, {20, 86.24, 4.56}}}};

std::vector<Published> published_curves() {
  const double sample = std::sqrt(static_cast<double>(kFactorRuns) / (kFactorRuns - 1)) / 100;
  std::vector<Published> rows;
  for (const auto& curve : kPrintedCurves) {
    Published row{.arm = curve.arm, .runs = kFactorRuns};
    for (const auto& point : curve.points) {
      row.accuracy = point.mean / 100;
      row.deviation = point.deviation * sample;
      row.curve[point.epochs] = {row.accuracy, row.deviation};
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

nn::Network decaying_lenet(std::uint64_t seed, double decay, const Method& method) {
  const auto plain =
      nn::zoo::lenet5({.layers = "conv*: low_rank(r=20); head: low_rank(r=20)", .seed = seed});
  auto fresh = with_decaying_values(plain, decay, seed);
  if (method.as_coded) {
    const auto undecayed = with_decaying_values(plain, 1, seed);
    for (const char* name : {"conv1.weight", "conv2.weight"}) {
      auto held = undecayed.state.at(name);
      held.trainable = false;
      fresh.state.set(name, std::move(held));
    }
  }
  return method.trains ? as_two_core_trains(fresh) : fresh;
}

}  // namespace

Reproduction uv_vs_dlrt(const Options& options) {
  const bool full = options.extent == Extent::full;
  Reproduction made{.trials = grey_trials("uv-vs-dlrt", options, {.validation = 0}),
                    .published = published_curves(),
                    .seeds = kFactorRuns};
  const auto seeds = seeds_of(options, kFactorRuns);
  const auto decays = full ? std::vector<double>{1, 2, 10} : std::vector<double>{1, 10};
  for (std::size_t k = 0; k < seeds.size(); ++k) {
    for (const double decay : decays) {
      for (const auto& method : kMethods) {
        const auto arm = fmt::format("{}-d{}", method.name, decay);
        made.seeds_of_arm[arm] = method.runs;
        const bool beyond = static_cast<std::int64_t>(k) >= method.runs;
        if (full && options.seeds.empty() && beyond && !is_among(options.more_seeds, seeds[k]))
          continue;
        made.trials.trials.push_back(
            {.arm = arm,
             .seed = seeds[k],
             .network = [seed = seeds[k], decay,
                         method] { return decaying_lenet(seed, decay, method); },
             .phases = {{.fit = {.epochs = epochs_of(options, 20, 4),
                                 .batch = 128,
                                 .optimiser = method.optimiser}}},
             .follow_test = true});
      }
    }
  }
  return made;
}

}  // namespace ranklens::study::reproductions
