#include "ranklens/optim/low_rank/tucker_kernel.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include "ranklens/optim/low_rank/bases.h"
#include "ranklens/optim/low_rank/low_rank.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

// Orthonormal rows that span those of an unfolding, folded back.
at::Tensor rows_of_mode(const at::Tensor& core, std::int64_t mode) {
  return tn::folded(tn::qr(tn::unfolding(core, mode).t()).q.t(), core.sizes(), mode);
}

// sum over all modes but `mode` of one times the other: [n_mode of one, n_mode of the other].
at::Tensor overlap(const at::Tensor& one, const at::Tensor& other, std::int64_t mode) {
  return at::matmul(tn::unfolding(one, mode), tn::unfolding(other, mode).t());
}

double kernel_squares(const at::Tensor& tensor) {
  const double norm = tn::frobenius(tensor);
  return norm * norm;
}

at::Tensor outside_of(const at::Tensor& basis, const at::Tensor& columns) {
  return columns - at::matmul(basis, at::matmul(basis.t(), columns));
}

std::int64_t window_of(const at::Tensor& core) {
  return core.numel() / std::max<std::int64_t>(core.size(0) * core.size(1), 1);
}

// K = U S without the rows it is multiplied by: [U q1] where S = q1 r, the core r times the rows.
TuckerKernel fewer_out(const TuckerKernel& kernel) {
  const auto split = tn::qr(tn::unfolding(kernel.core, 0));
  return {at::matmul(kernel.u, split.q), tn::folded(split.r, kernel.core.sizes(), 0), kernel.v};
}

TuckerKernel fewer_in(const TuckerKernel& kernel) {
  const auto split = tn::qr(tn::unfolding(kernel.core, 1));
  return {kernel.u, tn::folded(split.r, kernel.core.sizes(), 1), at::matmul(kernel.v, split.q)};
}

}  // namespace

at::Tensor contracted(const at::Tensor& core, const at::Tensor& left, const at::Tensor& right) {
  if (core.dim() == 2) return at::matmul(at::matmul(left.t(), core), right);
  auto sizes = core.sizes().vec();
  sizes[0] = left.size(1), sizes[1] = right.size(1);
  const auto half = at::matmul(left.t(), core.reshape({core.size(0), -1}));
  const auto window = window_of(core);
  return at::matmul(right.t(), half.reshape({left.size(1), core.size(1), window})).reshape(sizes);
}

at::Tensor TuckerKernel::dense() const { return contracted(core, u.t(), v.t()); }

CoreRows core_rows(const at::Tensor& core) {
  return {rows_of_mode(core, 0), rows_of_mode(core, 1)};
}

at::Tensor k_of(const at::Tensor& basis, const at::Tensor& core, const at::Tensor& rows,
                std::int64_t mode) {
  return at::matmul(basis, overlap(core, rows, mode));
}

TuckerGradient seen_from(const TuckerKernel& point, const at::Tensor& dense) {
  const auto rows = core_rows(point.core);
  const auto from_right = tn::mode_product(dense, 1, point.v.t());
  const auto from_left = tn::mode_product(dense, 0, point.u.t());
  return {.k_out = overlap(from_right, rows.out, 0),
          .k_in = overlap(from_left, rows.in, 1),
          .core = contracted(dense, point.u, point.v),
          .rows = rows,
          .between = [dense](const at::Tensor& left, const at::Tensor& right) {
            return contracted(dense, left, right);
          }};
}

TuckerGradient seen_from(const TuckerKernel& point, const TuckerKernel& g) {
  const auto rows = core_rows(point.core);
  const auto left = at::matmul(g.u.t(), point.u), right = at::matmul(g.v.t(), point.v);
  const auto from_right = tn::mode_product(g.core, 1, right.t());
  const auto from_left = tn::mode_product(g.core, 0, left.t());
  return {.k_out = at::matmul(g.u, overlap(from_right, rows.out, 0)),
          .k_in = at::matmul(g.v, overlap(from_left, rows.in, 1)),
          .core = contracted(g.core, left, right),
          .rows = rows};
}

TuckerKernel tangent(const TuckerKernel& point, const TuckerGradient& gradient) {
  const auto& [k_out, k_in, core, rows, between] = gradient;
  const auto p = core.size(0), q = core.size(1);
  auto wide = padded(core, p + k_out.size(1), q + k_in.size(1));
  wide.narrow(0, p, k_out.size(1)).narrow(1, 0, q).copy_(rows.out);
  wide.narrow(0, 0, p).narrow(1, q, k_in.size(1)).copy_(rows.in);
  return {at::cat({point.u, outside_of(point.u, k_out)}, 1), wide,
          at::cat({point.v, outside_of(point.v, k_in)}, 1)};
}

// Of k the part within the basis is the core's gradient against the held rows.
double projected_norm_squared(const TuckerGradient& gradient) {
  const auto& [k_out, k_in, core, rows, between] = gradient;
  const double out = kernel_squares(k_out) - kernel_squares(overlap(core, rows.out, 0));
  const double in = kernel_squares(k_in) - kernel_squares(overlap(core, rows.in, 1));
  return kernel_squares(core) + std::max(0.0, out) + std::max(0.0, in);
}

double dimensions(const TuckerGradient& gradient) {
  const auto p = gradient.core.size(0), q = gradient.core.size(1);
  const auto &out = gradient.k_out, &in = gradient.k_in;
  return static_cast<double>(gradient.core.numel() + out.size(1) * (out.size(0) - p) +
                             in.size(1) * (in.size(0) - q));
}

TuckerKernel orthonormal(const TuckerKernel& kernel) {
  const auto left = oriented_qr(kernel.u), right = oriented_qr(kernel.v);
  return {left.q, contracted(kernel.core, left.r.t(), right.r.t()), right.q};
}

TuckerKernel of_attainable_ranks(const TuckerKernel& kernel) {
  const auto window = window_of(kernel.core);
  if (kernel.core.size(0) > kernel.core.size(1) * window) return fewer_out(kernel);
  if (kernel.core.size(1) > kernel.core.size(0) * window) return fewer_in(kernel);
  return kernel;
}

double orthogonality_error(const TuckerKernel& kernel) {
  return std::max(distance_from_identity(kernel.u), distance_from_identity(kernel.v));
}

}  // namespace ranklens::optim
