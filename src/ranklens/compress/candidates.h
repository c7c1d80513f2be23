#pragma once

#include <vector>

#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// One way to store a weight.
struct Candidate {
  nn::WeightSpec spec;
  std::int64_t parameters = 0;
  double squared_error = 0;  ///< relative to the weight's squared Frobenius norm
};

/// The ways in which a weight [out, in, ...] may be stored when ranks are shared between weights:
/// dense, and of fewer numbers
/// - low rank at every rank, from the singular values;
/// - a train of balanced modes (nn::with_modes), whose ranks fall one by one where that costs least
///   (lowered()), at steps of an eighth of its numbers, from truncations of the exact train;
/// - for a kernel with a window Tucker-2 with ranks in proportion to the channels, from the core of
///   a full HOSVD, and CP from rank 1 upwards by halves, from a few sweeps of alternating least
///   squares: more sweeps, as decompose_weight() makes, only come closer. (Of a matrix CP is low
///   rank once more.)
/// Trains and CP forms that something of no more numbers surely beats are left out, and CP ends
/// after three in a row that are no better than others.
std::vector<Candidate> candidates_for(const at::Tensor& dense);

}  // namespace ranklens::compress
