#include "ranklens/compress/decompose_weight.h"

#include <algorithm>
#include <limits>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/compress/rank_path.h"
#include "ranklens/nn/weights/cp.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tt_conv.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/nn/weights/tucker.h"
#include "ranklens/tn/formats/cp_approximation.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::compress {
namespace {

using nn::Shape;
using nn::Weight;
using nn::WeightSpec;

double error_of(const at::Tensor& dense, const Weight& weight) {
  const double norm = tn::frobenius(dense);
  return norm > 0 ? tn::frobenius(weight->dense() - dense) / norm : 0;
}

Weight by_train(const at::Tensor& dense, const WeightSpec& spec) {
  const double eps = spec.eps.value_or(0);
  return nn::has_window_core(spec, dense.sizes().vec())
             ? nn::TTConv::from_dense(dense, spec.out, spec.in, spec.ranks, eps)
             : nn::TTMatrix::from_dense(dense, spec.out, spec.in, spec.ranks, eps);
}

/// By tn::approximate_cp: of a tolerance the fewest terms that it finds, as long as they are fewer
/// numbers than the weight's own, or up to the rank of the spec.
Weight by_als(const at::Tensor& dense, const WeightSpec& spec) {
  constexpr int sweeps = 200;  // of a run: a network has many kernels
  std::int64_t sum = 0;
  for (const auto size : dense.sizes()) sum += size;
  const auto most = spec.ranks.empty() ? (dense.numel() - 1) / sum : spec.ranks[0];
  if (most > 0) {
    const auto found = tn::approximate_cp(
        dense, {.close = {.eps = spec.eps.value_or(0), .ranks = {most}}, .max_sweeps = sweeps});
    if (!spec.ranks.empty() || found.error <= *spec.eps)
      return nn::CPKernel::from_terms(found.value);
  }
  throw NothingSmaller(fmt::format(
      "no CP form of fewer numbers than the weight's own comes within {} of it", *spec.eps));
}

/// The singular values of the unfoldings that the format cuts: of every bond of a train, of both
/// channel modes of a Tucker weight.
std::vector<at::Tensor> spectra_of(const at::Tensor& dense, const WeightSpec& spec) {
  if (spec.format == WeightSpec::Format::tucker) {
    const auto channels = dense.reshape({dense.size(0), dense.size(1), -1});
    return {tn::factorise(channels.flatten(1)).s,
            tn::factorise(channels.transpose(0, 1).flatten(1)).s};
  }
  auto exact = spec;
  exact.ranks.clear();
  tn::TensorTrain train;
  for (const auto& factor : by_train(dense, exact)->factors()) {
    const auto& core = factor.tensor;  // a window [height, width, r], or [r, out, in, r']
    train.cores.push_back(core.reshape({core.dim() == 3 ? 1 : core.size(0), -1, core.size(-1)}));
  }
  return tn::schmidt_values(train);
}

/// Ranks for a ratio: from those that cut off nothing, one rank at a time goes where the square
/// that it cuts off is least for the numbers that it saves. `spec` is resolved: it fits at rank 1.
Shape ranks_for(const at::Tensor& dense, const WeightSpec& spec, std::int64_t budget) {
  const Tails tails(spectra_of(dense, spec));
  const auto numbers = [&, shape = dense.sizes().vec()](const Shape& ranks) {
    auto cut = spec;
    cut.ranks = ranks;
    return nn::stored_numbers(cut, shape);
  };
  auto ranks = tails.exact();
  while (numbers(ranks) > budget) ranks = lowered(ranks, tails, numbers);
  return ranks;
}

Weight stored(const at::Tensor& dense, const WeightSpec& spec) {
  switch (spec.format) {
    case WeightSpec::Format::dense:
      return Weight(dense);
    case WeightSpec::Format::low_rank:
      return nn::FixedRank::from_dense(dense, spec.ranks, spec.eps.value_or(0));
    case WeightSpec::Format::tt:
      return by_train(dense, spec);
    case WeightSpec::Format::tucker:
      return nn::Tucker2::from_dense(dense, spec.ranks, spec.eps.value_or(0));
    case WeightSpec::Format::cp:
      return by_als(dense, spec);
  }
  base::fail("unknown weight format");
}

/// With modes, and with ranks where it gives ranks or a ratio. A ratio of several ranks can be
/// spent in two ways: on one rank for all cuts, and as the spectra say, which count every cut as if
/// it were the only one.
std::vector<WeightSpec> completed(const at::Tensor& dense, const WeightSpec& spec) {
  const auto shape = dense.sizes().vec();
  if (spec.ranks.empty() && !spec.ratio) return {nn::with_modes(spec, shape)};
  const auto even = nn::resolve(spec, shape);
  const bool one_rank =
      spec.format == WeightSpec::Format::low_rank || spec.format == WeightSpec::Format::cp;
  if (!spec.ratio || one_rank) return {even};
  const auto budget = static_cast<std::int64_t>(*spec.ratio * static_cast<double>(dense.numel()));
  auto chosen = even;
  chosen.ranks = ranks_for(dense, even, budget);
  return {even, chosen};
}

}  // namespace

Factorised decompose_weight(const at::Tensor& dense, const WeightSpec& spec) {
  const auto exact = dense.to(at::kDouble);
  Factorised best{.weight = {}, .error = std::numeric_limits<double>::infinity()};
  for (const auto& way : completed(exact, spec)) {
    const auto weight = stored(exact, way);
    const double error = error_of(exact, weight);
    if (!best.weight.defined() || error < best.error) best = {weight, error};
  }
  best.weight = nn::map_factors(best.weight,
                                [&](const auto& factor) { return factor.to(dense.scalar_type()); });
  return best;
}

}  // namespace ranklens::compress
