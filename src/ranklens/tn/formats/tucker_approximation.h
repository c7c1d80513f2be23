#pragma once

#include "ranklens/tn/formats/tucker.h"
#include "ranklens/tn/train/decompose.h"

namespace ranklens::tn {

struct TuckerApproximation {
  Tucker value;      ///< factors with orthonormal columns
  double error = 0;  ///< relative Frobenius, of what is stored
};

/// A Tucker tensor as close as asked: eps alone by st_hosvd, which finds the ranks; with ranks
/// (upper bounds: one for all modes, or one a mode) hooi improves on it. The ranks win where both
/// are given. Errors: as st_hosvd, another number of ranks than modes.
TuckerApproximation approximate_tucker(const at::Tensor& dense, const Closeness& closeness);

/// The same of a Tucker tensor, by way of its core (factors are made orthonormal first), whose
/// entries alone are read: nothing is written out.
TuckerApproximation round(const Tucker& tucker, const Closeness& closeness);

}  // namespace ranklens::tn
