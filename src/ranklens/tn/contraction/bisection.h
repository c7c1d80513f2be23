#pragma once

#include "ranklens/tn/contraction/network.h"

namespace ranklens::tn {

struct BisectionOptions {
  double imbalance = 0.1;  ///< a side has at most (1 + imbalance) / 2 of the tensors
  std::size_t leaf = 8;    ///< so few tensors are merged by a greedy search
};

/// Sides (0 or 1) of some tensors, by the size of the labels between them: multilevel, with moves
/// of single tensors at each level (Fiduccia and Mattheyses 1982, "A linear-time heuristic for
/// improving network partitions"; Karypis et al. 1999, "Multilevel hypergraph partitioning").
std::vector<char> bisect(const Network& network, const std::vector<std::int32_t>& tensors,
                         double imbalance, Random& random);

/// A tree of bisections: each side is merged into one tensor, then both.
Path bisection_path(const Network& network, const BisectionOptions& options, Random& random);

/// Nested dissection: labels are eliminated, those inside of each side before those between the
/// sides (George 1973).
Path dissection_path(const Network& network, const BisectionOptions& options, Random& random);

}  // namespace ranklens::tn
