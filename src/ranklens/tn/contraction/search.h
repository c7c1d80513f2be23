#pragma once

#include "ranklens/tn/contraction/clock.h"
#include "ranklens/tn/contraction/plan.h"

namespace ranklens::tn {

/// A tree that a search found.
struct Candidate {
  double weight = 0;  ///< log2 of what is minimised
  Path path;
  Method method = Method::greedy;
};

struct SearchResult {
  std::vector<Candidate> best;  ///< some different ones, the best first
  int trials = 0;
  bool sure = false;  ///< no tree (without outer products, for more than 12 tensors) is better
};

/// Tries trees by the method until the deadline, or as many as the options say.
SearchResult search(const Network& network, const PlanOptions& options, const Deadline& deadline);

}  // namespace ranklens::tn
