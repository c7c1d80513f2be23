#pragma once

#include "ranklens/tn/contraction/search.h"

namespace ranklens::tn {

/// So many of the first greedy trials have settings that are not drawn.
constexpr std::uint64_t kFixedGreedy = 4;

/// What one trial does.
struct Trial {
  Method method = Method::greedy;
  std::uint64_t number = 0;  ///< names its random stream; the first ones of a method are not random
  double seconds = 0;        ///< for annealing, and for mending; 0: numbers of sweeps and rounds
  const Candidate* from = nullptr;  ///< for annealing: warm from here, else hot from a greedy tree
};

/// Whether trees of the network fit into memory as bits; else there are only greedy ones.
bool can_refine(const Network& network);

/// Whether its labels can be eliminated in an order by min-fill, too.
bool can_eliminate(const Network& network);

/// Makes a tree and mends it. The candidate's method is greedy where the network is too large for
/// the trial's.
Candidate run_trial(const Network& network, const PlanOptions& options, const Trial& trial,
                    const Deadline& deadline);

}  // namespace ranklens::tn
