#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/nn/network.h"
#include "ranklens/train/compute.h"

namespace ranklens::train {

struct ThroughputOptions {
  std::int64_t batch = 512;
  /// About how long to measure in all; at least three rounds are made.
  double seconds = 5;
  Execution execution = {};
  /// Also whole training steps (Adam), not only forward passes in evaluation mode.
  bool training = true;
};

/// Images per second; the best round, which is the one least disturbed by other work.
struct Throughput {
  double forward = 0;
  double training = 0;
};

/// Measures several classifiers in turns, so that what disturbs one disturbs all: ratios of the
/// results are meaningful, absolute figures only on an idle machine. Images are noise. The networks
/// are not changed.
std::vector<Throughput> throughput(const std::vector<nn::Network>& networks,
                                   const ThroughputOptions& options = {});

}  // namespace ranklens::train
