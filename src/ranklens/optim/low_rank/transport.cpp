#include "ranklens/optim/low_rank/transport.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/optim/low_rank/bases.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

/// The columns of a wide basis behind those that it begins with.
at::Tensor behind(const at::Tensor& wide, std::int64_t first) {
  return wide.narrow(1, first, wide.size(1) - first);
}

/// a b + c d.
at::Tensor two_products(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c,
                        const at::Tensor& d) {
  auto sum = tn::tall_times(a, b);
  tn::add_tall_times(sum, c, d);
  return sum;
}

/// What Z is between the bases that it is held against and new columns: U^T Z V~ and V^T Z^T U~.
struct Sides {
  at::Tensor left, right;
};

Sides sides(const Gradient& z, const at::Tensor& u, const at::Tensor& v) {
  return {tn::tall_gram(z.l, v), tn::tall_gram(z.k, u)};
}

/// [U | U~]^T Z [V | V~]; between U~ and V~ Z has nothing.
at::Tensor wide_core(const Gradient& z, const Sides& known) {
  const auto p = z.s.size(0), q = z.s.size(1);
  auto core = padded(z.s, p + known.right.size(1), q + known.left.size(1));
  core.narrow(0, 0, p).narrow(1, q, known.left.size(1)).copy_(known.left);
  core.narrow(0, p, known.right.size(1)).narrow(1, 0, q).copy_(known.right.t());
  return core;
}

/// U1^T Z V1 of Z = K V^T + U L^T - U M V^T.
at::Tensor core_of(const Gradient& z, const Sides& at, const Overlaps& known) {
  return at::matmul(at.right.t(), known.right) +
         at::matmul(known.left.t(), at.left - at::matmul(z.s, known.right));
}

}  // namespace

Overlaps overlaps(const LowRank& from, const LowRank& to) {
  return {tn::tall_gram(from.u, to.u), tn::tall_gram(from.v, to.v)};
}

Gradient transported(const Gradient& z, const LowRank& from, const LowRank& to,
                     const Overlaps& known) {
  const auto& [u, v] = known;
  const auto at = sides(z, to.u, to.v);
  return {.k = two_products(z.k, v, from.u, at.left - at::matmul(z.s, v)),
          .l = two_products(z.l, u, from.v, at.right - at::matmul(z.s.t(), u)),
          .s = core_of(z, at, known)};
}

Gradient transported(const Gradient& z, const LowRank& from, const LowRank& to) {
  return transported(z, from, to, overlaps(from, to));
}

Gradient transported_core(const Gradient& z, const LowRank& to, const Overlaps& known) {
  return {.s = core_of(z, sides(z, to.u, to.v), known)};
}

Gradient transported(const Gradient& z, const LowRank& from, const LowRank& wide,
                     const at::Tensor& left, const at::Tensor& right) {
  const auto p = from.u.size(1), q = from.v.size(1);
  const auto at = sides(z, behind(wide.u, p), behind(wide.v, q));
  // Z [V | V~] = [K | U L^T V~], Z^T [U | U~] = [L | V K^T U~].
  const auto left_new = left.narrow(0, p, at.right.size(1)),
             right_new = right.narrow(0, q, at.left.size(1));
  const auto k = two_products(z.k, right.narrow(0, 0, q), from.u, at::matmul(at.left, right_new)),
             l = two_products(z.l, left.narrow(0, 0, p), from.v, at::matmul(at.right, left_new));
  return {.k = k, .l = l, .s = at::matmul(left.t(), at::matmul(wide_core(z, at), right))};
}

Gradient core_between(const Gradient& z, const LowRank& from, const LowRank& wide) {
  return {
      .s = wide_core(z, sides(z, behind(wide.u, from.u.size(1)), behind(wide.v, from.v.size(1))))};
}

TuckerGradient transported(const TuckerGradient& z, const TuckerKernel& from,
                           const TuckerKernel& to) {
  return seen_from(to, tangent(from, z));
}

}  // namespace ranklens::optim
