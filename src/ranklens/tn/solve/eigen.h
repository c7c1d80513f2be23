#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ranklens/tn/solve/sweeper.h"

namespace ranklens::tn {

struct EigenOptions {
  std::int64_t sites = 2;  ///< 1: ranks of the start stay; 2: ranks are found
  double tolerance =
      1e-11;  ///< settled when a sweep changes the value by less, relative to max(1, |value|)
  double eps = 1e-8;  ///< relative norm that the cuts of a sweep may leave out
  std::int64_t max_rank = 256;
  std::int64_t max_sweeps = 30;
  std::optional<TensorTrain> start{};  ///< none: random, of ranks `start_rank`
  std::int64_t start_rank = 8;
  std::uint64_t seed = 0;  ///< of the stream (seed, "init", "solve")
  std::int64_t dense_below =
      128;  ///< local problems up to this size are diagonalised, others iterated
};

struct EigenSolution {
  TensorTrain x;     ///< of norm one, its centre in core 0
  double value = 0;  ///< <x|A|x>, an upper bound of the lowest eigenvalue
  double residual =
      0;  ///< ||A x - value x||; some eigenvalue is no further than this from the value
  /// The value settled to `tolerance` and no cut was held by max_rank to leave out more than eps.
  /// It may still belong to an excited state that is stationary: another start tells.
  bool converged = false;
  std::vector<SweepLog> sweeps;  ///< value: the eigenvalue
};

/// The lowest eigenpair of a Hermitian TT matrix by the density matrix renormalisation group (White
/// 1992; Schollwöck 2011, section 6): local eigenproblems by Lanczos iteration from the present
/// state, of two cores whose common tensor is then cut, or of one. Real and complex.
///
/// Errors: a matrix that is not square or not Hermitian (to rounding), a start that does not fit,
/// options out of range.
EigenSolution lowest_eigenpair(const TTMatrix& a, const EigenOptions& options = {});

}  // namespace ranklens::tn
