#pragma once

#include <cstdint>
#include <limits>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// How much of a matrix may be left out. The rank bound wins over the tolerance.
struct Truncation {
  double tolerance = 0;  ///< largest Frobenius norm of what is discarded, absolute
  std::int64_t max_rank = std::numeric_limits<std::int64_t>::max();
};

/// Where the singular vectors come from.
/// svd: a full singular value decomposition, after a QR factorisation where the matrix is tall.
/// gram: the eigenvectors of the Gram matrix of the short side, formed in double precision.
/// Singular
///   values below 1e-7 of the norm are not resolved, so where those matter the SVD takes over.
/// randomised: subspace iteration on a Gaussian sketch (Halko, Martinsson, Tropp 2011, alg. 4.4),
///   widened until the error, which is known exactly, meets the tolerance; the Gram matrix takes
///   over where the rank is not small or the iteration does not settle.
/// automatic: the fastest of them by shape, rank and tolerance (measured: docs/tensor-trains.md).
enum class Factoriser { automatic, svd, gram, randomised };

/// A = u diag(s) vh + what is discarded.
struct Factors {
  at::Tensor u;                 ///< [m, k], orthonormal columns
  at::Tensor s;                 ///< [k], real, descending
  at::Tensor vh;                ///< [k, n], orthonormal rows
  double discarded = 0;         ///< ||A - u diag(s) vh||_F
  at::Tensor discarded_values;  ///< singular values cut off, as far as they were computed
};

/// The truncated singular value decomposition of a matrix [m, n]; k >= 1. Errors: not a matrix,
/// empty, another dtype than float32, float64, complex64, complex128, NaN or infinite entries, a
/// negative tolerance, a rank below 1.
Factors factorise(const at::Tensor& matrix, const Truncation& truncation = {},
                  Factoriser factoriser = Factoriser::automatic);

/// A = q r with q [m, min(m, n)] of orthonormal columns.
struct Orthogonal {
  at::Tensor q, r;
};

Orthogonal qr(const at::Tensor& matrix);

/// The one whose R has real diagonal entries, none of them negative: of columns that are
/// orthonormal but for rounding, Q is what they were and R the identity, but for as much.
Orthogonal oriented_qr(const at::Tensor& matrix);

/// A = q rest + what is discarded, where q [m, k] has orthonormal columns and rest = q^H A: what a
/// sweep over a train needs, without singular vectors of the long side.
struct Split {
  at::Tensor q, rest;
  double discarded = 0;         ///< ||A - q rest||_F
  at::Tensor values;            ///< singular values kept; undefined where none were computed
  at::Tensor discarded_values;  ///< those cut off, as far as they were computed
};

/// Like factorise. With nothing to cut off and no factoriser chosen, a plain QR factorisation.
/// Differentiable: through a step of subspace iteration, whose derivative is that of the truncated
/// matrix up to the third power of the ratio of the largest discarded to the smallest kept singular
/// value, and stays finite where kept singular values are equal or discarded ones zero.
Split split(const at::Tensor& matrix, const Truncation& truncation = {},
            Factoriser factoriser = Factoriser::automatic);

/// Error unless the tolerance is a number >= 0 and the rank at least 1.
void check(const Truncation& truncation);

}  // namespace ranklens::tn
