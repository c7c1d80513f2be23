#include "ranklens/tn/linalg/svd.h"

#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_svd.h>
#include <c10/util/Exception.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

bool finite(const at::Tensor& values) { return at::isfinite(values).all().item<bool>(); }

/// Some libraries give NaN without a word where others report that they did not converge.
std::optional<ReducedSvd> if_it_converges(const SvdRoutine& routine, const at::Tensor& matrix) {
  try {
    auto found = routine(matrix);
    if (!finite(found.s)) return std::nullopt;
    return found;
  } catch (const c10::LinAlgError&) {
    return std::nullopt;
  }
}

std::optional<ReducedSvd> of_transposed(const SvdRoutine& routine, const at::Tensor& matrix) {
  auto found = if_it_converges(routine, matrix.mH().contiguous());
  if (!found) return found;
  return ReducedSvd{found->vh.mH(), found->s, found->u.mH()};
}

/// A factor that is no power of two, so that every number is rounded anew.
std::optional<ReducedSvd> of_multiple(const SvdRoutine& routine, const at::Tensor& matrix) {
  constexpr double factor = 1.1;
  auto found = if_it_converges(routine, matrix * factor);
  if (found) found->s = found->s / factor;
  return found;
}

std::optional<ReducedSvd> in_wider_type(const SvdRoutine& routine, const at::Tensor& matrix) {
  const auto type = matrix.scalar_type(), wide = widened(type);
  if (wide == type) return std::nullopt;
  auto found = if_it_converges(routine, matrix.to(wide));
  if (!found) return found;
  return ReducedSvd{found->u.to(type), found->s.to(c10::toRealValueType(type)), found->vh.to(type)};
}

}  // namespace

ReducedSvd library_svd(const at::Tensor& matrix) {
  auto [u, s, vh] = at::linalg_svd(matrix, /*full_matrices=*/false);
  return {std::move(u), std::move(s), std::move(vh)};
}

ReducedSvd reduced_svd(const at::Tensor& matrix, const SvdRoutine& routine) {
  if (auto found = if_it_converges(routine, matrix)) return *std::move(found);
  base::require(finite(matrix), "a matrix with NaN or infinite entries has no singular values");
  for (const auto way : {of_transposed, of_multiple, in_wider_type}) {
    if (auto found = way(routine, matrix)) return *std::move(found);
  }
  base::fail("the singular values of a matrix {} x {} were not found: no iteration converged",
             matrix.size(0), matrix.size(1));
}

}  // namespace ranklens::tn
