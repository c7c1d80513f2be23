#pragma once

#include <optional>

#include "ranklens/tn/train/tensor_train.h"

// What the alternating solvers ask of their arguments.
namespace ranklens::tn {

/// Error unless the TT matrix is well-formed, finite, and has equal row and column modes.
void check_square(const TTMatrix& a);

/// Error unless A = A^H up to rounding.
void check_hermitian(const TTMatrix& a);

/// The start of a solver: the one given (an Error unless it fits `a`) or a random one, of norm one.
TensorTrain solver_start(const TTMatrix& a, const std::optional<TensorTrain>& given,
                         std::int64_t ranks, std::uint64_t seed);

/// Error unless the options that all alternating solvers share are in their ranges.
void check_solver(std::int64_t sites, double tolerance, double eps, std::int64_t max_rank,
                  std::int64_t max_sweeps, std::int64_t start_rank);

}  // namespace ranklens::tn
