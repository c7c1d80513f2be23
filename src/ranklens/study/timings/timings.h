#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/study/experiment.h"

namespace ranklens::study::timings {

/// How long a step of training and a prediction take at fixed ranks, beside the dense network.
struct Options {
  std::int64_t layers = 5;
  std::int64_t width = 5120;  ///< of every layer, inputs among them
  std::int64_t batch = 256;
  std::vector<std::int64_t> ranks = {5, 10, 20, 32, 40, 80, 160, 320, 640, 1280, 2560};
  /// Above this rank the methods that augment bases are left out of training.
  std::int64_t largest_augmented = 1280;
  int repeats = 3;  ///< of which the median counts, after one more to begin with
  std::uint64_t seed = 1;
};

/// A way of training at a fixed rank.
struct Method {
  std::string name;  ///< "BUG, fixed rank"
  std::string id;    ///< "fixed-bug"
  std::string spec;  ///< of its optimiser, `{}` standing for the rank
  bool augments = false;
};

/// U V^T by Adam; BUG at a fixed rank; two passes with one and with five core steps; parallel BUG.
const std::vector<Method>& methods();

/// Its cells: "rRANK", each with all methods and the dense network by turns:
///   {"rank", "threads", "dense": {"train", "predict"}, "predict", "train": {ID: seconds}}
Experiment experiment(const Options& options);

/// Where a falling ratio of dense to low-rank seconds comes to 1, between ranks by logarithms: the
/// rank up to which the low-rank form is the faster one. The last rank where it stays above, 0
/// where it is below from the start.
double break_even(const std::vector<double>& ranks, const std::vector<double>& ratios);

}  // namespace ranklens::study::timings
