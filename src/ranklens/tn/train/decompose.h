#pragma once

#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {

/// How closely a train must follow a tensor.
struct Closeness {
  double eps = 0;  ///< relative Frobenius error, kept; 0: to rounding error
  /// Upper bounds, kept even where eps is missed: one for all bonds, or d - 1. None may be above
  /// what its bond can have, one for all not above what every bond can (rank_bounds.h).
  Shape ranks{};
  Factoriser factoriser = Factoriser::automatic;
};

/// A train and what it leaves out.
struct Approximation {
  TensorTrain train;
  double error = 0;       ///< relative Frobenius: the root of the sum of the cuts' squares
  std::vector<Cut> cuts;  ///< by bond
};

/// TT-SVD (Oseledets 2011, alg. 1) of a tensor of any number of modes, from the end at which it
/// shrinks faster; many small modes at that end are treated together, by way of their Gram matrix.
/// The error is at most sqrt(d - 1) times the best of these ranks; where the cuts do not resolve it
/// (below 1e-7) it is measured on what is returned. Errors: no dimensions, no entries, another
/// dtype, NaN or infinite entries, eps negative or NaN, ranks below 1, above the possible or of the
/// wrong number.
Approximation decompose(const at::Tensor& tensor, const Closeness& closeness = {});

struct MatrixApproximation {
  TTMatrix matrix;
  double error = 0;
  std::vector<Cut> cuts;
};

/// The same of a matrix [M, N] with M = product of `rows`, N = product of `columns`.
MatrixApproximation decompose(const at::Tensor& matrix, const Shape& rows, const Shape& columns,
                              const Closeness& closeness = {});

/// [M, N] -> [m_1 n_1, ..., m_d n_d], the tensor whose train is the TT matrix; for analysis too.
at::Tensor interleaved(const at::Tensor& matrix, const Shape& rows, const Shape& columns);

/// Error unless eps and the ranks make sense for a tensor of these modes; then d - 1 bounds.
Shape rank_bounds(const Closeness& closeness, const Shape& modes);

}  // namespace ranklens::tn
