#include "ranklens/tn/formats/hosvd.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

void check_order(const std::vector<std::int64_t>& order, std::int64_t d) {
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int64_t> all(d);
  std::iota(all.begin(), all.end(), 0);
  base::require(sorted == all, "the order {} of modes is no permutation of 0 to {}",
                fmt::join(order, ", "), d - 1);
}

/// The part of the error that one of the modes left may take.
double allowance(double eps_norm, double spent_squared, std::size_t modes_left) {
  const double left = std::max(0.0, eps_norm * eps_norm - spent_squared);
  return std::sqrt(left / static_cast<double>(modes_left));
}

}  // namespace

void check(const TuckerBounds& bounds, at::IntArrayRef sizes) {
  base::require(bounds.eps >= 0 && std::isfinite(bounds.eps), "eps must be a number >= 0; it is {}",
                bounds.eps);
  if (bounds.ranks.empty()) return;
  base::require(bounds.ranks.size() == sizes.size(), "{} ranks are given for {} modes",
                bounds.ranks.size(), sizes.size());
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    base::require(bounds.ranks[k] >= 1 && bounds.ranks[k] <= sizes[k],
                  "the rank of mode {} must be between 1 and its size {}; it is {}", k, sizes[k],
                  bounds.ranks[k]);
  }
}

std::vector<std::int64_t> cheapest_order(at::IntArrayRef sizes, at::IntArrayRef ranks) {
  const auto d = sizes.size();
  std::vector<double> price(d);
  for (std::size_t k = 0; k < d; ++k) {
    const auto n = static_cast<double>(sizes[k]);
    const double r = ranks.empty() ? n / 2 : static_cast<double>(ranks[k]);
    // A mode between others is copied before it is cut.
    const double copy = k == 0 || k + 1 == d ? 0 : 8;
    price[k] = r < n ? (n + r + copy) / (1 - r / n) : std::numeric_limits<double>::infinity();
  }
  std::vector<std::int64_t> order(d);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return price[a] < price[b]; });
  return order;
}

Factoriser mode_factoriser(std::int64_t rows, const Truncation& truncation, Factoriser chosen) {
  if (chosen != Factoriser::automatic || truncation.max_rank >= rows) return chosen;
  return rows <= 8 * (truncation.max_rank + 10) ? Factoriser::gram : chosen;
}

TuckerDecomposition st_hosvd(const at::Tensor& dense, const HOSVDOptions& options) {
  check_values(dense, "the tensor to decompose");
  base::require(dense.dim() > 0, "a single number has no modes to decompose");
  check(options.bounds, dense.sizes());
  const auto d = static_cast<std::size_t>(dense.dim());
  const auto& bounds = options.bounds;
  auto order = options.order.empty() ? cheapest_order(dense.sizes(), bounds.ranks) : options.order;
  check_order(order, dense.dim());

  const double norm = frobenius(dense);
  double spent = 0;
  TuckerDecomposition out{{dense.contiguous(), std::vector<at::Tensor>(d)}, 0, 0, {}, order};
  out.discarded_values.resize(d);
  for (std::size_t step = 0; step < d; ++step) {
    const auto mode = order[step];
    Truncation truncation{.tolerance = allowance(bounds.eps * norm, spent, d - step)};
    if (!bounds.ranks.empty()) truncation.max_rank = bounds.ranks[mode];
    auto& core = out.value.core;
    const auto how = mode_factoriser(core.size(mode), truncation, options.factoriser);
    const auto cut = split(unfolding(core, mode), truncation, how);
    out.value.factors[mode] = cut.q;
    out.discarded_values[mode] = cut.discarded_values;
    spent += cut.discarded * cut.discarded;
    core = folded(cut.rest, core.sizes(), mode);
  }
  out.error = std::sqrt(spent);
  out.relative_error = norm > 0 ? out.error / norm : 0;
  return out;
}

}  // namespace ranklens::tn
