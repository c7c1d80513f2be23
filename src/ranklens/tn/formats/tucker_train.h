#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::tn {

/// A Tucker tensor whose core is a tensor train: for d modes of size n, tucker ranks s and train
/// ranks r it stores O(d (n s + s r^2)) numbers, where the train alone stores O(d n r^2) and the
/// Tucker core s^d (Dolgov, Khoromskij 2013).
struct TuckerTrain {
  TensorTrain core;                 ///< modes s_k
  std::vector<at::Tensor> factors;  ///< [n_k, s_k]
};

void check(const TuckerTrain& hybrid);
Shape shape(const TuckerTrain& hybrid);

/// The tensor itself, [n_1 .. n_d].
at::Tensor full(const TuckerTrain& hybrid);

/// The numbers stored: the train's and the factors'.
std::int64_t parameters(const TuckerTrain& hybrid);

struct TuckerTrainOptions {
  double eps = 0;       ///< largest relative Frobenius error of both steps together
  Shape ranks{};        ///< of the factors, upper bounds, one a mode; none: no bounds
  Shape train_ranks{};  ///< upper bounds: one for all bonds, or d - 1; none: no bounds
};

struct TuckerTrainDecomposition {
  TuckerTrain value;  ///< factors with orthonormal columns
  double relative_error = 0;
  TuckerDecomposition outer;                 ///< the first step: of the modes
  std::vector<at::Tensor> discarded_values;  ///< of each bond of the train, as far as computed
};

/// st_hosvd, then TT-SVD of its core. The two errors are orthogonal; what the first leaves of eps,
/// the second may use. Errors: as st_hosvd and decompose.
TuckerTrainDecomposition tucker_train(const at::Tensor& dense, const TuckerTrainOptions& options);

}  // namespace ranklens::tn
