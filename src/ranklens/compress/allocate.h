#pragma once

#include <vector>

#include "ranklens/compress/candidates.h"

namespace ranklens::compress {

/// What a candidate costs in allocate(): minus the logarithm of the share of the weight's energy
/// (squared Frobenius norm) that it keeps. 0 where all is kept, without bound where nothing is.
double loss_of(const Candidate& candidate);

/// The place of one candidate of every weight, such that at most `budget` numbers are stored and
/// the product of the shares of energy that the weights keep is greatest, up to the last step:
/// every weight gives up numbers until the next would cost the same loss_of() everywhere (a
/// Lagrange multiplier, found by bisection over the convex hulls); what is left then, since such
/// steps are large, goes where it lowers the loss most for its numbers. Of layers in a row a signal
/// keeps about that product; a sum of relative errors, each at most 1, would give up the largest
/// layer for all others. Error where not even the smallest candidates fit.
std::vector<std::size_t> allocate(const std::vector<std::vector<Candidate>>& weights,
                                  std::int64_t budget);

}  // namespace ranklens::compress
