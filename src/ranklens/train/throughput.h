#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/nn/network.h"
#include "ranklens/train/compute.h"

namespace ranklens::train {

struct ThroughputOptions {
  std::int64_t batch = 512;
  /// About how long to measure in all; at least three rounds are made.
  double seconds = 5;
  Execution execution = {};
  /// Also whole training steps, not only forward passes in evaluation mode.
  bool training = true;
  /// What takes the steps: a spec a network, or one for all.
  std::vector<std::string> optimisers = {"adam"};
};

/// Images per second; the best round, which is the one least disturbed by other work. In training a
/// round is a few steps that follow each other.
struct Throughput {
  double forward = 0;
  double training = 0;
};

/// Measures several classifiers in turns, so that what disturbs one disturbs all: ratios of the
/// results are meaningful, absolute figures only on an idle machine. Images are noise. The networks
/// are not changed, and every round starts from the same weights. Ends early, with what it has,
/// when base::interrupted().
std::vector<Throughput> throughput(const std::vector<nn::Network>& networks,
                                   const ThroughputOptions& options = {});

}  // namespace ranklens::train
