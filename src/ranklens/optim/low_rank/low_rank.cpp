#include "ranklens/optim/low_rank/low_rank.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/tall.h"
#include "ranklens/tn/linalg/tall_triangles.h"

namespace ranklens::optim {
namespace {

double squared(const at::Tensor& tensor) {
  const double norm = tn::frobenius(tensor);
  return norm * norm;
}

}  // namespace

at::Tensor LowRank::dense() const { return at::matmul(at::matmul(u, s), v.t()); }

Gradient seen_from(const LowRank& point, const at::Tensor& dense) {
  const auto k = at::matmul(dense, point.v);
  return {.k = k,
          .l = at::matmul(dense.t(), point.u),
          .s = at::matmul(point.u.t(), k),
          .between = [dense](const at::Tensor& left, const at::Tensor& right) {
            return at::matmul(left.t(), at::matmul(dense, right));
          }};
}

double projected_norm_squared(const Gradient& gradient) {
  return std::max(0.0, squared(gradient.k) + squared(gradient.l) - squared(gradient.s));
}

at::Tensor project(const LowRank& point, const at::Tensor& z) {
  const auto left = at::matmul(point.u, at::matmul(point.u.t(), z));
  const auto rest = z - left;
  return left + at::matmul(at::matmul(rest, point.v), point.v.t());
}

LowRank nearest(const at::Tensor& dense, std::int64_t rank) {
  const auto found = tn::factorise(dense, {.max_rank = rank}, tn::Factoriser::svd);
  return {found.u, at::diag(found.s), found.vh.t().contiguous()};
}

LowRank orthonormal(const LowRank& matrix) {
  const auto left = oriented_qr(matrix.u), right = oriented_qr(matrix.v);
  return {left.q, at::matmul(at::matmul(left.r, matrix.s), right.r.t()), right.q};
}

double distance_from_identity(const at::Tensor& basis) {
  if (basis.size(1) == 0) return 0;
  const auto gram = tn::tall_own_gram(basis);
  return (gram - at::eye(gram.size(0), gram.options())).abs().max().item<double>();
}

double distance_from_identity(const at::Tensor& basis, std::int64_t turn) {
  const auto columns = basis.size(1);
  if (columns <= kMeasured) return distance_from_identity(basis);
  const auto windows = (columns + kMeasured - 1) / kMeasured;
  const auto first = std::min(turn % windows * kMeasured, columns - kMeasured);
  auto products = tn::tall_gram(basis, basis.narrow(1, first, kMeasured));
  products.narrow(0, first, kMeasured).diagonal().sub_(1);
  return products.abs().max().item<double>();
}

double orthogonality_error(const LowRank& matrix) {
  return std::max(distance_from_identity(matrix.u), distance_from_identity(matrix.v));
}

}  // namespace ranklens::optim
