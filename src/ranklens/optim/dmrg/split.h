#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// What weighs the error of a cut: second moments of what either side of a pair sees of the data,
/// [p, p] and [q, q], float64. Undefined: every entry of the pair counts alike.
struct CutWeights {
  at::Tensor left, right;
};

struct CutOptions {
  std::int64_t max_rank = 0;
  double cutoff = 0;      ///< share of the squared (weighted) norm that may be cut off
  bool rightward = true;  ///< whether the first factor is to be orthonormal, or the second
};

/// A pair as two factors, one of them with orthonormal columns (rows).
struct SplitPair {
  at::Tensor first, second;  ///< [rows, rank], [rank, columns]
  double share = 0;          ///< of the squared (weighted) norm, cut off
  double discarded = 0;      ///< Frobenius norm of what was cut off, unweighted
};

/// Cuts a pair [p, c, q], its label's numbers to the left (rows p c) or to the right (columns c q),
/// to the rank that the options allow: the pair nearest to it in the norm that the weights make,
/// |L^1/2 (pair - cut) R^1/2|, which is about what the cut changes of the values on the data (for
/// sides that are independent of each other, exactly). The state's own norm, by which sweeps for
/// ground states cut, counts alike what the data hold often and what they never hold.
SplitPair split_pair(const at::Tensor& pair, bool label_left, const CutWeights& weights,
                     const CutOptions& options);

}  // namespace ranklens::optim
