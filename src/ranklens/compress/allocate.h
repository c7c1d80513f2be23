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

/// One candidate of every weight, such that at most `budget` numbers are stored and the sum of
/// relative squared errors is least, up to the last step: every weight gives up numbers until the
/// next would cost the same error everywhere (a Lagrange multiplier, found by bisection over the
/// convex hulls). Error where not even the smallest candidates fit.
std::vector<Candidate> allocate(const std::vector<std::vector<Candidate>>& weights,
                                std::int64_t budget);

}  // namespace ranklens::compress
