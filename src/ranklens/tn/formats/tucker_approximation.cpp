#include "ranklens/tn/formats/tucker_approximation.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/hooi.h"
#include "ranklens/tn/formats/hosvd.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

/// One bound a mode, none above its size.
Shape mode_bounds(const Shape& ranks, at::IntArrayRef sizes) {
  auto bounds = ranks.size() == 1 ? Shape(sizes.size(), ranks[0]) : ranks;
  base::require(bounds.size() == sizes.size(), "{} modes, but {} ranks are given", sizes.size(),
                bounds.size());
  for (std::size_t k = 0; k < bounds.size(); ++k) {
    base::require(bounds[k] >= 1, "a rank must be at least 1, not {}", bounds[k]);
    bounds[k] = std::min(bounds[k], sizes[k]);
  }
  return bounds;
}

Tucker close_tucker(const at::Tensor& dense, const Closeness& closeness) {
  const double eps = std::max(closeness.eps, 4 * machine_epsilon(dense.scalar_type()));
  if (closeness.ranks.empty()) return st_hosvd(dense, {.bounds = {.eps = eps}}).value;
  const auto bounds = mode_bounds(closeness.ranks, dense.sizes());
  if (closeness.eps == 0) return hooi(dense, {.ranks = bounds}).value;
  const auto start = st_hosvd(dense, {.bounds = {.eps = eps, .ranks = bounds}});
  // Within eps already: the ranks are what eps asks for.
  if (start.relative_error <= eps) return start.value;
  return hooi(dense, {.ranks = ranks(start.value)}).value;
}

}  // namespace

TuckerApproximation approximate_tucker(const at::Tensor& dense, const Closeness& closeness) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  auto value = close_tucker(dense, closeness);
  const double norm = frobenius(dense);
  const double error = norm > 0 ? frobenius(full(value) - dense) / norm : 0;
  return {std::move(value), error};
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
  auto found = approximate_tucker(core, closeness);
  for (std::size_t k = 0; k < bases.size(); ++k)
    found.value.factors[k] = at::mm(bases[k], found.value.factors[k]);
  return found;
}

}  // namespace ranklens::tn
