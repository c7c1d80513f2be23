#include "ranklens/tn/formats/tucker_approximation.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/hooi.h"
#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/rank_bounds.h"

namespace ranklens::tn {
namespace {

/// One bound a mode for a tensor of the sizes `modes`; none given: no bounds.
Shape mode_bounds(const Shape& asked, const Shape& modes) {
  base::require(asked.size() <= 1 || asked.size() == modes.size(),
                "{} modes, but {} ranks are given", modes.size(), asked.size());
  return asked.empty() ? asked : bounds_within(asked, most_mode_ranks(modes), "mode");
}

Shape no_larger(Shape bounds, at::IntArrayRef sizes) {
  for (std::size_t k = 0; k < bounds.size(); ++k) bounds[k] = std::min(bounds[k], sizes[k]);
  return bounds;
}

/// The singular values of an unfolding behind the first `rank`, from the Gram matrix of its short
/// side.
at::Tensor values_behind(const at::Tensor& tensor, std::int64_t mode, std::int64_t rank) {
  const auto matrix = unfolding(tensor, mode);
  const bool wide = matrix.size(0) <= matrix.size(1);
  const auto squares = kernels::eigen(kernels::gram(wide ? matrix : matrix.mH())).values;
  return at::tensor(squares, at::kDouble).sqrt().slice(0, rank).to(tensor.device());
}

/// Cuts may go without singular values (a basis of the leading vectors is cheaper): the missing
/// ones, in what is left of the tensor by the modes that `cut_before` the mode.
template <class CutBefore>
TuckerApproximation with_spectra(const at::Tensor& dense, Tucker value,
                                 std::vector<at::Tensor> discarded, const CutBefore& cut_before) {
  for (std::size_t k = 0; k < discarded.size(); ++k) {
    if (discarded[k].defined()) continue;
    auto left = dense.contiguous();
    for (std::size_t j = 0; j < discarded.size(); ++j)
      if (j != k && cut_before(j, k))
        left =
            mode_product(left, static_cast<std::int64_t>(j), value.factors[j].mH().resolve_conj());
    discarded[k] = values_behind(left, static_cast<std::int64_t>(k), value.factors[k].size(1));
  }
  return {std::move(value), 0, std::move(discarded)};
}

TuckerApproximation found_by_cuts(const at::Tensor& dense, const TuckerDecomposition& found) {
  const auto place = [&](std::size_t mode) {
    return std::find(found.order.begin(), found.order.end(), static_cast<std::int64_t>(mode));
  };
  return with_spectra(dense, found.value, found.discarded_values,
                      [&](std::size_t j, std::size_t k) { return place(j) < place(k); });
}

TuckerApproximation found_by_sweeps(const at::Tensor& dense, const Shape& bounds) {
  const auto found = hooi(dense, {.ranks = bounds});
  return with_spectra(dense, found.value, found.discarded_values,
                      [](std::size_t, std::size_t) { return true; });
}

/// Within `bounds`, which are empty, or one a mode and not above it.
TuckerApproximation close_tucker(const at::Tensor& dense, double asked, const Shape& bounds) {
  const double eps = std::max(asked, 4 * machine_epsilon(dense.scalar_type()));
  if (bounds.empty()) return found_by_cuts(dense, st_hosvd(dense, {.bounds = {.eps = eps}}));
  if (asked == 0) return found_by_sweeps(dense, bounds);
  const auto start = st_hosvd(dense, {.bounds = {.eps = eps, .ranks = bounds}});
  // Within eps already: the ranks are what eps asks for.
  if (start.relative_error <= eps) return found_by_cuts(dense, start);
  return found_by_sweeps(dense, ranks(start.value));
}

/// Ranks are held against `modes`, which of a core are those of the tensor.
TuckerApproximation approximated(const at::Tensor& dense, const Closeness& closeness,
                                 const Shape& modes) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  const auto bounds = no_larger(mode_bounds(closeness.ranks, modes), dense.sizes());
  auto found = close_tucker(dense, closeness.eps, bounds);
  const double norm = frobenius(dense);
  found.error = norm > 0 ? frobenius(full(found.value) - dense) / norm : 0;
  return found;
}

}  // namespace

TuckerApproximation approximate_tucker(const at::Tensor& dense, const Closeness& closeness) {
  return approximated(dense, closeness, dense.sizes().vec());
}

TuckerApproximation round(const Tucker& tucker, const Closeness& closeness) {
  check(tucker);
  auto core = tucker.core;
  std::vector<at::Tensor> bases;
  for (std::size_t k = 0; k < tucker.factors.size(); ++k) {
    const auto split = qr(tucker.factors[k]);
    bases.push_back(split.q);
    core = mode_product(core, static_cast<std::int64_t>(k), split.r);
  }
  auto found = approximated(core, closeness, shape(tucker));
  for (std::size_t k = 0; k < bases.size(); ++k)
    found.value.factors[k] = at::mm(bases[k], found.value.factors[k]);
  return found;
}

}  // namespace ranklens::tn
