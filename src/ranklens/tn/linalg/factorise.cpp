#include "ranklens/tn/linalg/factorise.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/sgn.h>
#include <ATen/ops/where.h>
#include <ATen/record_function.h>

#include "ranklens/base/error.h"
#include "ranklens/base/scopes.h"
#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

bool cuts_nothing(const at::Tensor& matrix, const Truncation& truncation) {
  return truncation.tolerance <= 0 &&
         truncation.max_rank >= std::min(matrix.size(0), matrix.size(1));
}

/// By measured cost (docs/tensor-trains.md): up to some 200 rows the eigenvectors of the Gram
/// matrix are cheaper than four passes over the matrix, from there on a sketch is, if the rank is
/// small.
Factoriser cheapest(const at::Tensor& matrix, const Truncation& truncation, double norm) {
  constexpr std::int64_t few = 192;
  const auto shorter = std::min(matrix.size(0), matrix.size(1));
  if (shorter > few && (truncation.max_rank <= shorter / 6 || truncation.tolerance > 0)) {
    return Factoriser::randomised;
  }
  const bool resolved = truncation.tolerance >= kernels::gram_floor * norm;
  return resolved || truncation.max_rank < shorter ? Factoriser::gram : Factoriser::svd;
}

Split split_with(const at::Tensor& matrix, const Truncation& truncation, Factoriser factoriser) {
  if (factoriser == Factoriser::automatic && cuts_nothing(matrix, truncation)) {
    return kernels::by_qr(matrix);
  }
  const double norm = frobenius(matrix);
  if (factoriser == Factoriser::automatic) factoriser = cheapest(matrix, truncation, norm);
  std::optional<Split> found;
  if (factoriser == Factoriser::randomised) found = kernels::by_sketch(matrix, truncation, norm);
  if (!found && factoriser != Factoriser::svd) found = kernels::by_gram(matrix, truncation, norm);
  return found ? *std::move(found) : kernels::by_svd(matrix, truncation);
}

/// Gradients go through a subspace iteration that starts from fixed v, where it stays: A v spans
/// what `split` keeps, and a QR factorisation has a finite derivative where singular values
/// coincide. Each half step takes the error of the derivative down by the ratio of discarded to
/// kept values.
Split split_differentiably(const at::Tensor& matrix, const Truncation& truncation,
                           Factoriser factoriser) {
  Split found;
  at::Tensor v;
  {
    const at::NoGradGuard no_gradients;
    // Directions of no size have no derivative: they go, even where nothing was to be cut.
    const double none = 64 * machine_epsilon(matrix.scalar_type()) * frobenius(matrix);
    const Truncation some{std::max(truncation.tolerance, none), truncation.max_rank};
    const bool open = factoriser == Factoriser::automatic;
    found = split_with(matrix.detach(), some, open ? Factoriser::svd : factoriser);
    v = std::get<0>(at::linalg_qr(found.rest.mH(), "reduced"));
  }
  if (found.q.size(1) == matrix.size(0)) {  // nothing is projected away
    found.q = found.q.detach();
    found.rest = at::mm(found.q.mH(), matrix);
    return found;
  }
  const auto basis = [](const at::Tensor& columns) {
    return std::get<0>(at::linalg_qr(columns, "reduced"));
  };
  const auto rows = at::mm(basis(at::mm(matrix, v)).mH(), matrix);
  found.q = basis(at::mm(matrix, basis(rows.mH())));
  found.rest = at::mm(found.q.mH(), matrix);
  return found;
}

void check_matrix(const at::Tensor& matrix) {
  base::require(matrix.defined() && matrix.dim() == 2, "only a matrix can be factorised");
  check_values(matrix, "the matrix");
}

}  // namespace

void check(const Truncation& truncation) {
  base::require(truncation.tolerance >= 0, "a tolerance must be a number not below 0, not {}",
                truncation.tolerance);
  base::require(truncation.max_rank >= 1, "a rank must be at least 1, not {}", truncation.max_rank);
}

Split split(const at::Tensor& matrix, const Truncation& truncation, Factoriser factoriser) {
  if (at::GradMode::is_enabled() && matrix.requires_grad()) {
    return split_differentiably(matrix, truncation, factoriser);
  }
  return split_with(matrix, truncation, factoriser);
}

Factors factorise(const at::Tensor& matrix, const Truncation& truncation, Factoriser factoriser) {
  check_matrix(matrix);
  check(truncation);
  if (factoriser == Factoriser::automatic && cuts_nothing(matrix, truncation)) {
    return kernels::thin_svd(matrix);
  }
  auto found = split_with(matrix, truncation, factoriser);
  auto inside = kernels::thin_svd(found.rest);
  return {at::mm(found.q, inside.u), inside.s, inside.vh, found.discarded, found.discarded_values};
}

Orthogonal qr(const at::Tensor& matrix) {
  RECORD_USER_SCOPE(base::factorisation_scope);
  base::require(matrix.defined() && matrix.dim() == 2, "only a matrix can be factorised");
  auto [q, r] = at::linalg_qr(matrix, "reduced");
  return {q, r};
}

Orthogonal oriented_qr(const at::Tensor& matrix) {
  const auto [q, r] = qr(matrix);
  const auto diagonal = r.diagonal();
  const auto signs = at::where(diagonal == 0, at::ones_like(diagonal), at::sgn(diagonal));
  return {q * signs, signs.conj().unsqueeze(1) * r};
}

}  // namespace ranklens::tn
