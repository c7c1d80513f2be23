#pragma once

#include <functional>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linalg/factorise.h"

namespace ranklens::optim {

/// A matrix of low rank W = U S V^T [m, n]: U [m, p] and V [n, q] with orthonormal columns, S [p,
/// q]. Mostly p = q; a step of some integrators passes through points where they differ.
struct LowRank {
  at::Tensor u, s, v;

  std::int64_t rank() const { return s.size(0); }
  at::Tensor dense() const;
};

/// What can be known of a gradient G [m, n] of the loss at a point U S V^T without forming it; one
/// backward pass gives the three at once.
struct Gradient {
  at::Tensor k = {};  ///< G V [m, q]: the gradient with respect to K = U S, with V held
  at::Tensor l = {};  ///< G^T U [n, p]: with respect to L = V S^T, with U held
  at::Tensor s = {};  ///< U^T G V [p, q]: with respect to S
  /// left^T G right for other bases left [m, a], right [n, b]; may be empty where an integrator
  /// does not ask for it.
  std::function<at::Tensor(const at::Tensor& left, const at::Tensor& right)> between = {};
  /// Columns whose span holds that of k and of l, [m, c] and [n, c], where c (the examples of the
  /// batch) is less than the rank: undefined otherwise.
  at::Tensor k_span = {}, l_span = {};
};

/// The gradient object of a dense G at a point (all its parts by products).
Gradient seen_from(const LowRank& point, const at::Tensor& dense);

/// ||P G||^2 = ||G V||^2 + ||G^T U||^2 - ||U^T G V||^2, with P Z = U U^T Z + Z V V^T - U U^T Z V
/// V^T the orthogonal projector onto the tangent space of the matrices of that rank at the point.
double projected_norm_squared(const Gradient& gradient);

/// P Z for a dense Z.
at::Tensor project(const LowRank& point, const at::Tensor& z);

/// The matrix of rank `rank` nearest to a dense one (Eckart and Young 1936); S is diagonal.
LowRank nearest(const at::Tensor& dense, std::int64_t rank);

using tn::oriented_qr;

/// The same matrix with orthonormal bases: such factorisations of U and V, folded into S.
LowRank orthonormal(const LowRank& matrix);

/// The largest entry of |B^T B - I| of a basis [n, r].
double distance_from_identity(const at::Tensor& basis);
/// Of a basis of more than kMeasured columns the largest entry in so many columns of it, which are
/// others at the next `turn`: orthonormality costs as much as a step does.
double distance_from_identity(const at::Tensor& basis, std::int64_t turn);
inline constexpr std::int64_t kMeasured = 64;

/// The largest entry of |U^T U - I| and |V^T V - I|.
double orthogonality_error(const LowRank& matrix);

}  // namespace ranklens::optim
