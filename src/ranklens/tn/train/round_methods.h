#pragma once

#include <optional>

#include "ranklens/tn/train/round.h"

// The methods of `round`, each for checked input with `bounds` ranks.
namespace ranklens::tn::rounding {

struct Bounds {
  double eps = 0;
  Shape ranks;
};

Approximation by_qr(const TensorTrain& train, const Bounds& bounds, Factoriser factoriser);
std::optional<Approximation> by_gram(const TensorTrain& train, const Bounds& bounds);
std::optional<Approximation> by_sketch(const std::vector<TensorTrain>& trains, const Bounds& bounds,
                                       const RoundOptions& options);

/// The relative error that cuts of a tensor of this norm add up to.
double relative_error(const std::vector<Cut>& cuts, double norm);

}  // namespace ranklens::tn::rounding
