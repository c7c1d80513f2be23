#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/train/algebra.h"

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
/// Of the bonds of its train, and of its modes: s_k.
Shape ranks(const TuckerTrain& hybrid);
Shape mode_ranks(const TuckerTrain& hybrid);

/// The tensor itself, [n_1 .. n_d].
at::Tensor full(const TuckerTrain& hybrid);

/// The numbers stored: the train's and the factors'.
std::int64_t parameters(const TuckerTrain& hybrid);

/// Frobenius, and its logarithm: -infinity of zero.
double norm(const TuckerTrain& hybrid);
double log_norm(const TuckerTrain& hybrid);
/// sum of conj(a) b over all entries; as of trains.
ScaledNumber dot_scaled(const TuckerTrain& a, const TuckerTrain& b);
at::Tensor dot(const TuckerTrain& a, const TuckerTrain& b);

/// Entries at index lists: `indices` int64 [count, d], result [count]; and one entry.
at::Tensor elements(const TuckerTrain& hybrid, const at::Tensor& indices);
at::Tensor element(const TuckerTrain& hybrid, const Shape& index);

/// Train and factors in another dtype or on another device.
TuckerTrain to(const TuckerTrain& hybrid, const at::TensorOptions& options);

struct TuckerTrainOptions {
  double eps = 0;       ///< largest relative Frobenius error of both steps together
  Shape ranks{};        ///< of the factors, upper bounds: one for all modes, or one a mode; or none
  Shape train_ranks{};  ///< upper bounds: one for all bonds, or d - 1; or none
};

struct TuckerTrainDecomposition {
  TuckerTrain value;  ///< factors with orthonormal columns
  double relative_error = 0;
  TuckerDecomposition outer;                 ///< the first step: of the modes
  std::vector<at::Tensor> discarded_values;  ///< of each bond of the train, as far as computed
};

/// st_hosvd, then TT-SVD of its core. The two errors are orthogonal; what the first leaves of eps,
/// the second may use. Errors: as st_hosvd and decompose; ranks above what the tensor's modes and
/// bonds can have (train/rank_bounds.h).
TuckerTrainDecomposition tucker_train(const at::Tensor& dense, const TuckerTrainOptions& options);

struct RoundedTuckerTrain {
  TuckerTrain
      value;         ///< factors with orthonormal columns, the centre of the train in its last core
  double error = 0;  ///< relative Frobenius, to about 1e-8
  std::vector<at::Tensor> discarded_of_modes;  ///< singular values cut off, as far as computed
  std::vector<at::Tensor> discarded_of_bonds;
};

/// Lower ranks of modes and bonds in one sweep: where the centre lies, first the mode is cut, then
/// the bond behind it. All cuts are orthogonal to each other, so their squares add up; each may
/// take an even share of what is left of eps. Errors: as tucker_train.
RoundedTuckerTrain round(const TuckerTrain& hybrid, const TuckerTrainOptions& options);

}  // namespace ranklens::tn
