#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// How a small system of normal equations is to be solved.
struct NormalOptions {
  double resolution = 1e-14;  ///< pivots below this, relative to the largest, are taken for zero
  double largest_norm = 0;    ///< bound of the solution's Frobenius norm; 0: none
};

struct NormalSolution {
  at::Tensor x;           ///< [R, n]
  std::int64_t rank = 0;  ///< of the Gram matrix: R, or fewer where pivoting was needed
  double ridge = 0;       ///< what was added to the diagonal to keep the bound of the norm
};

/// The minimiser of x^H gram x - 2 Re x^H right over ||x||_F <= largest_norm, for a Gram matrix
/// [R, R] (float64 or complex128, Hermitian, positive semidefinite) and right [R, n].
///
/// Cholesky where it succeeds; else Cholesky with diagonal pivoting, which solves for the rows that
/// are independent and leaves the others zero; where the bound is active, the one ridge with which
/// it is met (Moré, Sorensen 1983, by eigenvalues, since R is small).
NormalSolution solve_normal(const at::Tensor& gram, const at::Tensor& right,
                            const NormalOptions& options = {});

}  // namespace ranklens::tn
