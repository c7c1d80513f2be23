#pragma once

#include <vector>

#include "ranklens/tn/contraction/assembly.h"
#include "ranklens/tn/contraction/exact.h"

namespace ranklens::tn {

/// How the search of one connected part went.
struct PartResult {
  bool ended = false;   ///< the limits and the deadline sufficed
  bool merged = false;  ///< a tree below the weight was found, and its steps are taken
};

/// Merges the tensors `members`, which labels connect, by the best tree whose steps merge tensors
/// that share a label: by dynamic programming over connected sets of them, from small to large.
PartResult merge_connected(const Network& network, std::vector<std::int32_t> members,
                           Minimize minimize, const ExactLimits& limits, const Deadline& deadline,
                           Assembly& assembly);

}  // namespace ranklens::tn
