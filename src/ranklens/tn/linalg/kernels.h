#pragma once

#include <optional>
#include <vector>

#include "ranklens/tn/linalg/factorise.h"

// The ways to split a matrix; `split` and `factorise` choose among them. `norm` is that of the
// matrix. A way that cannot keep the tolerance returns nothing.
namespace ranklens::tn::kernels {

/// Relative singular values below this are lost in a Gram matrix of double precision.
inline constexpr double gram_floor = 1e-7;

/// The smallest rank >= 1 that keeps the truncation, of squared singular values in descending
/// order, when `spent` of the squared tolerance is used up.
std::int64_t rank_for(const std::vector<double>& squares, const Truncation& truncation,
                      double spent = 0);

/// Without truncation; QR first where one side is much longer.
Factors thin_svd(const at::Tensor& matrix);

/// a a^H, summed in double precision: [m, m].
at::Tensor gram(const at::Tensor& matrix);

struct Eigen {
  std::vector<double> values;  ///< descending, not negative
  at::Tensor vectors;          ///< columns, in the same order
};
Eigen eigen(const at::Tensor& hermitian);

/// A basis of the leading `rank` eigenvectors of a positive matrix and the sum of the other
/// eigenvalues, by subspace iteration: for a spectrum with a gap there, cheaper than all
/// eigenvectors. Nothing where there is no clear gap, or where the leading eigenvalues differ by
/// more than what double precision resolves.
struct Leading {
  at::Tensor basis;  ///< [n, rank], orthonormal, not sorted
  double rest = 0;
};
std::optional<Leading> leading(const at::Tensor& hermitian, std::int64_t rank);

Split by_qr(const at::Tensor& matrix);
Split by_svd(const at::Tensor& matrix, const Truncation& truncation);
std::optional<Split> by_gram(const at::Tensor& matrix, const Truncation& truncation, double norm);
std::optional<Split> by_sketch(const at::Tensor& matrix, const Truncation& truncation, double norm);

}  // namespace ranklens::tn::kernels
