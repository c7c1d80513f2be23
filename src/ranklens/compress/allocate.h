#pragma once

#include <string>
#include <vector>

#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// One way to store a weight.
struct Candidate {
  nn::WeightSpec spec;
  std::int64_t parameters = 0;
  double squared_error = 0;  ///< relative to the weight's squared Frobenius norm
};

/// The ways that share ranks between weights: dense, low rank at every rank that saves numbers, and
/// for kernels with a window Tucker-2 with ranks in proportion to the channels. Errors come from
/// singular values and from the core of a full HOSVD, so nothing is decomposed twice.
std::vector<Candidate> candidates_for(const at::Tensor& dense);

/// What a candidate costs in allocate(): minus the logarithm of the share of the weight's energy
/// (squared Frobenius norm) that it keeps. 0 where all is kept, without bound where nothing is.
double loss_of(const Candidate& candidate);

/// One candidate of every weight, such that at most `budget` numbers are stored and the product of
/// the shares of energy that the weights keep is greatest, up to the last step: every weight gives
/// up numbers until the next would cost the same loss_of() everywhere (a Lagrange multiplier, found
/// by bisection over the convex hulls); what is left then, since such steps are large, goes where
/// it lowers the loss most for its numbers. Of layers in a row a signal keeps about that product; a
/// sum of relative errors, each at most 1, would give up the largest layer for all others. Error
/// where not even the smallest candidates fit.
std::vector<Candidate> allocate(const std::vector<std::vector<Candidate>>& weights,
                                std::int64_t budget);

}  // namespace ranklens::compress
