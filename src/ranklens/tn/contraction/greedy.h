#pragma once

#include "ranklens/tn/contraction/network.h"

namespace ranklens::tn {

/// By what a greedy search takes its next pair a, b with result c.
enum class GreedyRule {
  growth,  ///< size(c) / alpha - alpha (size(a) + size(b)), as opt_einsum and cotengra do
  step,    ///< multiply-adds of the step
};

struct GreedyOptions {
  GreedyRule rule = GreedyRule::growth;
  double alpha = 1;
  double temperature = 0;  ///< of the noise (Gumbel) on the logarithm of what the rule says
};

/// Merges the pair that the rule likes best, among pairs that share a label, until one is left;
/// tensors that share none are then merged, small ones first. O(n log n) where labels are in few
/// tensors; of a label in many only the small tensors are paired with all.
Path greedy_path(const Network& network, const GreedyOptions& options, Random& random);

}  // namespace ranklens::tn
