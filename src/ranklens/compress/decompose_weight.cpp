#include "ranklens/compress/decompose_weight.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/sqrt.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/compress/scheme.h"
#include "ranklens/nn/weights/cp.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tt_conv.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/nn/weights/tucker.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/train/decompose.h"

namespace ranklens::compress {
namespace {

using nn::Shape;
using nn::Weight;
using nn::WeightSpec;

double norm_of(const at::Tensor& tensor) { return at::linalg_vector_norm(tensor).item<double>(); }

Weight by_svd(const at::Tensor& dense, const WeightSpec& spec) {
  const auto matrix = dense.reshape({dense.size(0), -1});
  tn::Truncation truncation{.tolerance = spec.eps.value_or(0) * norm_of(matrix)};
  if (!spec.ranks.empty())
    truncation.max_rank = std::min({spec.ranks[0], matrix.size(0), matrix.size(1)});
  const auto found = tn::factorise(matrix, truncation);
  const auto root = at::sqrt(found.s);
  return Weight(std::make_shared<nn::FixedRank>(dense.sizes().vec(), (found.u * root).contiguous(),
                                                at::Tensor(), (found.vh.t() * root).contiguous()));
}

Weight by_train(const at::Tensor& dense, const WeightSpec& spec) {
  const auto shape = dense.sizes().vec();
  const double eps = spec.eps.value_or(0);
  if (nn::has_window_core(spec, shape))
    return nn::TTConv::from_dense(dense, spec.out, spec.in, spec.ranks, eps);
  const auto found = tn::decompose(dense.reshape({shape[0], -1}), spec.out, spec.in,
                                   {.eps = eps, .ranks = spec.ranks});
  auto cores = found.matrix.cores;
  cores.front() = cores.front() * std::exp(found.matrix.log_scale);
  for (auto& core : cores) core = core.contiguous();
  return Weight(std::make_shared<nn::TTMatrix>(shape, std::move(cores)));
}

double error_of(const at::Tensor& dense, const Weight& weight) {
  const double norm = norm_of(dense);
  return norm > 0 ? norm_of(weight->dense() - dense) / norm : 0;
}

/// The smallest of a growing row of ranks whose terms come within eps.
Weight by_als(const at::Tensor& dense, const WeightSpec& spec) {
  if (!spec.ranks.empty()) return nn::CPKernel::from_dense(dense, spec.ranks[0]);
  std::int64_t sum = 0;
  for (const auto size : dense.sizes()) sum += size;
  for (std::int64_t rank = 1; rank * sum < dense.numel();
       rank += std::max<std::int64_t>(1, rank / 4)) {
    auto weight = nn::CPKernel::from_dense(dense, rank);
    if (error_of(dense, weight) <= *spec.eps) return weight;
  }
  base::fail("no CP form of fewer numbers than the weight's own comes within {} of it", *spec.eps);
}

Weight stored(const at::Tensor& dense, const WeightSpec& spec) {
  switch (spec.format) {
    case WeightSpec::Format::dense:
      return Weight(dense);
    case WeightSpec::Format::low_rank:
      return by_svd(dense, spec);
    case WeightSpec::Format::tt:
      return by_train(dense, spec);
    case WeightSpec::Format::tucker:
      return nn::Tucker2::from_dense(dense,
                                     spec.ranks.size() == 1 ? Shape(2, spec.ranks[0]) : spec.ranks,
                                     spec.eps.value_or(0));
    case WeightSpec::Format::cp:
      return by_als(dense, spec);
  }
  base::fail("unknown weight format");
}

}  // namespace

WeightSpec with_modes(WeightSpec spec, const Shape& shape) {
  if (spec.format != WeightSpec::Format::tt || !spec.out.empty() || !spec.in.empty()) return spec;
  const bool window = shape.size() == 4 && shape[2] * shape[3] > 1;
  const auto ins = window ? shape[1] : c10::multiply_integers(shape) / shape[0];
  const std::size_t count = std::min(shape[0], ins) < 64 ? 2 : 3;
  spec.out = balanced_modes(shape[0], count);
  spec.in = balanced_modes(ins, count);
  return spec;
}

Factorised decompose_weight(const at::Tensor& dense, const WeightSpec& spec) {
  const auto shape = dense.sizes().vec();
  auto full = with_modes(spec, shape);
  if (!full.ranks.empty()) full = nn::resolve(full, shape);
  const auto exact = dense.to(at::kDouble);
  const auto weight = stored(exact, full);
  return {
      nn::map_factors(weight, [&](const auto& factor) { return factor.to(dense.scalar_type()); }),
      error_of(exact, weight)};
}

}  // namespace ranklens::compress
