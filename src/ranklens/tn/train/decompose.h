#pragma once

#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {

/// How closely a train must follow a tensor.
struct Closeness {
  double eps = 0;  ///< relative Frobenius error, kept; 0: to rounding error
  Shape ranks{};   ///< upper bounds, kept even where eps is missed: one for all bonds, or d - 1
  Factoriser factoriser = Factoriser::automatic;
};

/// A train and what it leaves out.
struct Approximation {
  TensorTrain train;
  double error = 0;       ///< relative Frobenius; sqrt(sum of squared discarded values) / norm
  std::vector<Cut> cuts;  ///< by bond
};

/// TT-SVD (Oseledets 2011, alg. 1) of a tensor of any number of modes, from the end at which it
/// shrinks faster; many small modes at that end are treated together, by way of their Gram matrix.
/// The error is at most sqrt(d - 1) times the best of these ranks. Errors: no dimensions, no
/// entries, another dtype, NaN or infinite entries, eps negative or NaN, ranks below 1 or of the
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

/// Error unless eps and the ranks make sense for `cores` cores; then d - 1 bounds.
Shape rank_bounds(const Closeness& closeness, std::size_t cores);

}  // namespace ranklens::tn
