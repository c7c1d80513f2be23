#pragma once

#include <optional>

#include "ranklens/tn/contraction/clock.h"
#include "ranklens/tn/contraction/tree.h"

namespace ranklens::tn {

struct ExactLimits {
  double weight = 1e300;         ///< log2 of a total weight that is known to be reachable
  std::size_t sets = 2'000'000;  ///< sets of tensors that are kept at most
};

struct ExactResult {
  bool ended = false;        ///< the limits and the deadline sufficed
  std::optional<Path> path;  ///< nothing if no such tree is below the weight
};

/// The best tree: of up to 12 tensors among all trees, of more among those whose steps merge
/// tensors that share a label (of each connected part; the parts are then merged, small ones
/// first). Sets of tensors are built up by their number, those that cost more than the limit are
/// dropped (Pfeifer, Haegeman and Verstraete 2014, "Faster identification of optimal contraction
/// sequences for tensor networks").
ExactResult exact_path(const Network& network, Minimize minimize, const ExactLimits& limits,
                       const Deadline& deadline = {});

}  // namespace ranklens::tn
