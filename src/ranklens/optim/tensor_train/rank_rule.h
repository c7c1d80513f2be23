#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "ranklens/base/spec.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::optim {

/// How the ranks of trains change on the way: every so many steps a train is first rounded, then
/// grows. In between its ranks stay, so that a new direction has this time to show what it is
/// worth.
struct TrainRanks {
  /// Largest share of a train's norm that a rounding may cut off; 0: none.
  double tau = 0;
  /// What rounding to tau leaves at least, where there is as much.
  std::int64_t floor = 1;
  /// What no bond goes above by growing, and what rounding cuts it to.
  std::int64_t cap = std::numeric_limits<std::int64_t>::max();
  /// Directions that every bond gains at a time; 0: none.
  std::int64_t grow = 0;
  std::int64_t every = 100;

  bool adapt() const { return tau > 0 || grow > 0; }
  /// Whether they change in the step that follows so many others.
  bool change_after(std::int64_t steps) const { return adapt() && (steps + 1) % every == 0; }
};

/// tau, floor, cap, grow, every. Errors: tau outside (0, 1), cap below floor, floor without tau,
/// and cap or every where neither tau nor grow changes a rank.
TrainRanks read_train_ranks(base::SpecReader& spec);
/// ",tau=0.05,floor=1,cap=64,grow=2,every=100"; "" where ranks stay.
std::string spec_text(const TrainRanks& ranks);

/// A train cut down, its centre in the last core.
struct CutTrain {
  tn::TensorTrain train;
  double share = 0;  ///< of the norm that was cut off
};

/// Rounded as the rule says: tau bounds the whole error (each bond leaves what it does not need to
/// those after it; Oseledets 2011, algorithm 2), floor and cap win over it. What the precision does
/// not resolve goes in any case, since there the manifold has no tangent space.
CutTrain rounded(const tn::TensorTrain& train, const TrainRanks& ranks);

/// Rounded to these ranks, or to less where the precision resolves less.
CutTrain cut_to(const tn::TensorTrain& train, const tn::Shape& ranks);

}  // namespace ranklens::optim
