#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/report/page.h"
#include "ranklens/train/metrics.h"

/// What optimisers on manifolds observe after each epoch ("rank/head.weight", "cut/head.weight",
/// "drift/head.weight"), drawn.
namespace ranklens::report {

struct ObservedRun {
  std::string arm;
  std::uint64_t seed = 0;
  std::vector<train::EpochMetrics> history = {};
};

/// A line an arm and seed: ranks summed over the weights, their numbers where these change, the
/// largest share that a truncation cut
/// off, the largest distance of a basis from orthonormal. No chart of what nobody observed.
std::vector<Chart> observed_charts(const std::vector<ObservedRun>& runs);

/// The same of one run, a line a weight; of a train of many bonds the largest rank and the mean,
/// and the ranks by bond at the end. The lines' arms are layer_arms().
std::vector<Chart> layer_charts(const std::vector<train::EpochMetrics>& history);
std::vector<Arm> layer_arms(const std::vector<train::EpochMetrics>& history);

}  // namespace ranklens::report
