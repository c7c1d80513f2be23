#pragma once

#include "ranklens/tn/formats/tucker.h"
#include "ranklens/tn/train/decompose.h"

namespace ranklens::tn {

struct TuckerApproximation {
  Tucker value;      ///< factors with orthonormal columns
  double error = 0;  ///< relative Frobenius, of what is stored
  /// Singular values cut off in each mode: in what the modes before had left (st_hosvd), or with
  /// all other modes cut (hooi, in its last sweep); resolved to 1e-8 of the norm.
  std::vector<at::Tensor> discarded_values;
};

/// A Tucker tensor as close as asked: eps alone by st_hosvd, which finds the ranks; with ranks
/// (upper bounds: one for all modes, or one a mode) hooi improves on it. The ranks win where both
/// are given. Errors: as st_hosvd; another number of ranks than modes; a rank above what its mode
/// can have, one for all modes only if it is above what every mode can (train/rank_bounds.h).
TuckerApproximation approximate_tucker(const at::Tensor& dense, const Closeness& closeness);

/// The same of a Tucker tensor, by way of its core (factors are made orthonormal first), whose
/// entries alone are read: nothing is written out. Ranks are held against the modes, not against
/// the core: those that the core has already are no fault.
TuckerApproximation round(const Tucker& tucker, const Closeness& closeness);

}  // namespace ranklens::tn
