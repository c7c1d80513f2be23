#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "ranklens/tn/solve/sweeper.h"

namespace ranklens::tn {

enum class System {
  positive,  ///< A Hermitian positive definite: <x|A|x> - 2 Re <x|b> is minimised
  general,   ///< any A of full rank, by its normal equations: ranks and condition are squared
};

struct SolveOptions {
  System system = System::positive;
  std::int64_t sites = 2;   ///< 1: ALS, ranks of the start stay; 2: MALS, ranks are found
  double tolerance = 1e-8;  ///< converged when ||A x - b|| <= tolerance ||b||
  double eps = 1e-10;       ///< relative norm that the cuts of a sweep may leave out of x
  std::int64_t max_rank = 1024;
  std::int64_t max_sweeps = 30;
  std::optional<TensorTrain> start{};  ///< none: random, of ranks `start_rank`
  std::int64_t start_rank = 4;
  std::uint64_t seed = 0;  ///< of the stream (seed, "init", "solve")
  std::int64_t dense_below =
      256;  ///< local systems up to this size are factorised, others iterated
};

struct LinearSolution {
  TensorTrain x;
  double residual = 0;  ///< ||A x - b|| / ||b|| of the original system, from the trains themselves
  bool converged = false;
  std::vector<SweepLog> sweeps;  ///< residual: of the original system
};

/// A x = b in the form of tensor trains by alternating minimisation (Holtz, Rohwedder, Schneider
/// 2012): one core at a time (ALS), or two, whose common tensor is then cut (MALS, two-site DMRG).
/// The cores that are fixed are orthonormal, so a local system is at least as well conditioned as
/// A, and with one site the minimised function never rises.
///
/// Stops when the residual is small enough, or has not fallen by a hundredth over three sweeps (not
/// converged). Errors: shapes, dtypes or devices that differ, a matrix that is not square, or for
/// System::positive not Hermitian (to rounding) or found not to be positive; b zero is solved by
/// zero.
LinearSolution solve(const TTMatrix& a, const TensorTrain& b, const SolveOptions& options = {});

}  // namespace ranklens::tn
