#include "ranklens/tn/formats/tucker_train.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/formats/arguments.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/formats/to_train.h"
#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/rank_bounds.h"

namespace ranklens::tn {

void check(const TuckerTrain& hybrid) {
  check(hybrid.core);
  base::require(hybrid.factors.size() == hybrid.core.cores.size(),
                "a Tucker train has {} factors for a core of {} modes", hybrid.factors.size(),
                hybrid.core.cores.size());
  for (std::size_t k = 0; k < hybrid.factors.size(); ++k) {
    const auto& factor = hybrid.factors[k];
    const auto& core = hybrid.core.cores[k];
    base::require(factor.defined() && factor.dim() == 2 && factor.size(0) > 0 &&
                      factor.size(1) == core.size(1),
                  "factor {} of a Tucker train must be a matrix [size, {}]", k, core.size(1));
    base::require(factor.scalar_type() == core.scalar_type(),
                  "factor {} of a Tucker train is of type {}, its core of type {}", k,
                  base::dtype_name(factor.scalar_type()), base::dtype_name(core.scalar_type()));
  }
}

Shape shape(const TuckerTrain& hybrid) {
  Shape sizes;
  for (const auto& factor : hybrid.factors) sizes.push_back(factor.size(0));
  return sizes;
}

Shape ranks(const TuckerTrain& hybrid) { return ranks(hybrid.core); }
Shape mode_ranks(const TuckerTrain& hybrid) { return shape(hybrid.core); }

at::Tensor full(const TuckerTrain& hybrid) { return full(from_tucker(hybrid)); }

std::int64_t parameters(const TuckerTrain& hybrid) {
  std::int64_t count = parameters(hybrid.core);
  for (const auto& factor : hybrid.factors) count += factor.numel();
  return count;
}

double norm(const TuckerTrain& hybrid) { return norm(from_tucker(hybrid)); }
double log_norm(const TuckerTrain& hybrid) { return log_norm(from_tucker(hybrid)); }

ScaledNumber dot_scaled(const TuckerTrain& a, const TuckerTrain& b) {
  return dot_scaled(from_tucker(a), from_tucker(b));
}

at::Tensor dot(const TuckerTrain& a, const TuckerTrain& b) {
  return dot(from_tucker(a), from_tucker(b));
}

at::Tensor elements(const TuckerTrain& hybrid, const at::Tensor& indices) {
  return elements(from_tucker(hybrid), indices);
}

at::Tensor element(const TuckerTrain& hybrid, const Shape& index) {
  return element(from_tucker(hybrid), index);
}

TuckerTrain to(const TuckerTrain& hybrid, const at::TensorOptions& options) {
  check(hybrid);
  TuckerTrain out{to(hybrid.core, options), hybrid.factors};
  for (auto& factor : out.factors) factor = moved(factor, options, "a Tucker train");
  return out;
}

namespace {

/// Bounds of the modes and of the bonds, held against a tensor of these sizes.
struct HybridBounds {
  Shape of_modes, of_bonds;

  HybridBounds(const TuckerTrainOptions& options, const Shape& sizes) {
    base::require(options.ranks.size() <= 1 || options.ranks.size() == sizes.size(),
                  "{} ranks are given for {} modes", options.ranks.size(), sizes.size());
    of_modes = bounds_within(options.ranks, most_mode_ranks(sizes), "mode");
    for (std::size_t k = 0; k < sizes.size(); ++k) of_modes[k] = std::min(of_modes[k], sizes[k]);
    of_bonds = rank_bounds({.eps = options.eps, .ranks = options.train_ranks}, sizes);
  }

  /// Those of the bonds of a smaller tensor, which can have less.
  Shape within(const Shape& core) const {
    auto bounds = most_bond_ranks(core);
    for (std::size_t k = 0; k < bounds.size(); ++k) bounds[k] = std::min(bounds[k], of_bonds[k]);
    return bounds;
  }
};

/// With orthonormal factors, whose triangles go into the train; its centre in the first core.
TuckerTrain orthonormal(const TuckerTrain& hybrid) {
  TuckerTrain out{hybrid.core, {}};
  for (std::size_t k = 0; k < hybrid.factors.size(); ++k) {
    const auto found = qr(hybrid.factors[k]);
    out.factors.push_back(found.q);
    out.core.cores[k] = mode_product(out.core.cores[k].contiguous(), 1, found.r);
  }
  out.core.centre = -1;
  out.core = canonical(out.core, 0);
  return out;
}

}  // namespace

TuckerTrainDecomposition tucker_train(const at::Tensor& dense, const TuckerTrainOptions& options) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  const HybridBounds bounds(options, dense.sizes().vec());
  // Half of the squared error each, at first; the train gets what the modes did not need.
  TuckerTrainDecomposition out;
  out.outer =
      st_hosvd(dense, {.bounds = {.eps = options.eps / std::sqrt(2.0),
                                  .ranks = options.ranks.empty() ? Shape{} : bounds.of_modes}});
  const auto& core = out.outer.value.core;
  const double norm = frobenius(dense), core_norm = frobenius(core);
  const double spent = out.outer.error;
  const double left = std::max(0.0, options.eps * options.eps * norm * norm - spent * spent);
  const double eps = core_norm > 0 ? std::sqrt(left) / core_norm : 0;
  auto inner = decompose(core, {.eps = eps, .ranks = bounds.within(core.sizes().vec())});
  for (const auto& cut : inner.cuts) out.discarded_values.push_back(cut.discarded_values);
  const double train_error = inner.error * core_norm;
  out.relative_error = norm > 0 ? std::hypot(spent, train_error) / norm : 0;
  out.value = {std::move(inner.train), out.outer.value.factors};
  // Below the floor of Gram matrices what cuts say of themselves is rounding.
  if (norm > 0 && out.relative_error <= kernels::gram_floor)
    out.relative_error = frobenius(full(out.value) - dense) / norm;
  return out;
}

RoundedTuckerTrain round(const TuckerTrain& hybrid, const TuckerTrainOptions& options) {
  check(hybrid);
  for (const auto& core : hybrid.core.cores) check_values(core, "a core to round");
  for (const auto& factor : hybrid.factors) check_values(factor, "a factor to round");
  const HybridBounds bounds(options, shape(hybrid));
  RoundedTuckerTrain out;
  out.value = orthonormal(hybrid);
  auto& cores = out.value.core.cores;
  const auto bonds = static_cast<std::int64_t>(cores.size()) - 1;
  const double norm = frobenius(cores[0]);
  const double eps = std::max(options.eps, 4 * machine_epsilon(cores[0].scalar_type()));
  Budget budget{std::pow(eps * norm, 2), 2 * bonds + 1};
  double squared = 0;
  const auto spend = [&](double discarded) {
    budget.spend(discarded);
    squared += discarded * discarded;
  };
  for (std::size_t k = 0; k < cores.size(); ++k) {
    const auto cut = split(unfolding(cores[k], 1), {budget.next(), bounds.of_modes[k]});
    out.value.factors[k] = at::mm(out.value.factors[k], cut.q);
    cores[k] = folded(cut.rest, cores[k].sizes(), 1);
    out.discarded_of_modes.push_back(cut.discarded_values);
    spend(cut.discarded);
    const auto bond = static_cast<std::int64_t>(k);
    if (bond == bonds) break;
    const auto next = carry_right(cores, bond, {budget.next(), bounds.of_bonds[k]});
    out.discarded_of_bonds.push_back(next.discarded_values);
    spend(next.discarded);
  }
  out.value.core.centre = bonds;
  out.error = norm > 0 ? std::sqrt(squared) / norm : 0;
  return out;
}

}  // namespace ranklens::tn
