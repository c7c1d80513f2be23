#pragma once

#include <vector>

#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// One way to store a weight.
struct Candidate {
  nn::WeightSpec spec;
  std::int64_t parameters = 0;
  double squared_error = 0;  ///< relative to the weight's squared Frobenius norm
  bool estimated = false;    ///< the error is a guess, see measure()
  double least = 0;          ///< what no guess goes below
};

/// The ways in which a weight [out, in, ...] may be stored when ranks are shared between weights:
/// dense, and of fewer numbers
/// - low rank at every rank, from the singular values;
/// - a train of balanced modes (nn::with_modes), whose ranks fall one by one where that costs least
///   (lowered()), at steps of an eighth of its numbers; errors are estimated from the singular
///   values of its bonds;
/// - for a kernel with a window Tucker-2 with ranks in proportion to the channels, from the core of
///   a full HOSVD, and CP from rank 1 upwards by halves, errors of many terms of large kernels
///   estimated. (Of a matrix CP is low rank once more.)
/// Trains that something of no more numbers surely beats are left out.
///
/// Sums of terms whose numbers times those of the weight are at most `cheap` (least squares then
/// take a moment) are computed at once; where none is, their errors begin at what is surely left,
/// so that one of them is computed as soon as that would be chosen.
std::vector<Candidate> candidates_for(const at::Tensor& dense, double cheap = 3e7);

}  // namespace ranklens::compress
