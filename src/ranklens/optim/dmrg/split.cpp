#include "ranklens/optim/dmrg/split.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

/// Of the mean eigenvalue, added to all: what the data never hold is cut first, but weighs
/// something.
constexpr double kFloor = 1e-8;

/// The lower factor of moments as far as they are known; the identity where they are not.
at::Tensor root_of(const at::Tensor& moments, std::int64_t size, const at::TensorOptions& options) {
  auto identity = at::eye(size, options);
  if (!moments.defined()) return identity;
  const double mean = moments.trace().item<double>() / static_cast<double>(size);
  if (!(mean > 0)) return identity;
  const auto [lower, info] = at::linalg_cholesky_ex(moments / mean + kFloor * identity);
  return info.item<int>() == 0 ? lower : identity;
}

}  // namespace

SplitPair split_pair(const at::Tensor& pair, bool label_left, const CutWeights& weights,
                     const CutOptions& options) {
  const auto p = pair.size(0), c = pair.size(1), q = pair.size(2);
  const auto whole = pair.to(at::kDouble);
  const auto left = root_of(weights.left, p, whole.options()),
             right = root_of(weights.right, q, whole.options());
  const auto rows = label_left ? p * c : p, columns = label_left ? q : c * q;
  const auto weighted =
      at::matmul(at::matmul(left.t(), whole.reshape({p, c * q})).view({p * c, q}), right);
  const auto matrix = weighted.reshape({rows, columns});
  const double norm = tn::frobenius(matrix);
  const auto found = tn::factorise(
      matrix, {.tolerance = std::sqrt(options.cutoff) * norm, .max_rank = options.max_rank});
  const auto rank = found.s.size(0);
  // Back from the weighted coordinates: L^-T U and V^T R^-1.
  const auto first = at::linalg_solve_triangular(left.t(), found.u.reshape({p, -1}), /*upper=*/true)
                         .reshape({rows, rank});
  const auto second = at::linalg_solve_triangular(right, found.vh.reshape({-1, q}), /*upper=*/false,
                                                  /*left=*/false)
                          .reshape({rank, columns});
  SplitPair split;
  if (options.rightward) {
    const auto [basis, rest] = tn::qr(first);
    split = {.first = basis, .second = at::matmul(rest, found.s.unsqueeze(1) * second)};
  } else {
    const auto [basis, rest] = tn::qr(second.t());
    split = {.first = at::matmul(first * found.s, rest.t()), .second = basis.t()};
  }
  split.share = norm > 0 ? std::pow(found.discarded / norm, 2) : 0;
  split.discarded =
      tn::frobenius(whole.reshape({rows, columns}) - at::matmul(split.first, split.second));
  split.first = split.first.to(pair.scalar_type());
  split.second = split.second.to(pair.scalar_type());
  return split;
}

}  // namespace ranklens::optim
