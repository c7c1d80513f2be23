#include "ranklens/tn/manifold/tangent.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/round.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {
namespace {

at::Tensor scaled_by(const at::Tensor& tensor, std::complex<double> factor) {
  if (!tensor.is_complex()) return tensor * factor.real();
  return tensor * c10::Scalar(c10::complex<double>(factor));
}

/// [[a, 0], [b, c]] by ranks; the first core keeps the lower row, the last one the left column.
at::Tensor stacked(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c, bool first,
                   bool last) {
  if (first && last) return b;
  if (first) return at::cat({b, c}, 2);
  if (last) return at::cat({a, b}, 0);
  const auto none = at::zeros({a.size(0), a.size(1), c.size(2)}, a.options());
  return at::cat({at::cat({a, none}, 2), at::cat({b, c}, 2)}, 0);
}

void check_parts(const TangentSpace& space, const std::vector<at::Tensor>& deltas) {
  base::require(deltas.size() == space.left.size(),
                "a tangent vector of {} parts is not of a space of {} cores", deltas.size(),
                space.left.size());
  for (std::size_t k = 0; k < deltas.size(); ++k) {
    base::require(deltas[k].sizes() == space.left[k].sizes(),
                  "part {} of a tangent vector does not have the shape of its core", k);
  }
}

/// The train of ranks 2r with `last` in the place of the last part.
TensorTrain block_train(const TangentSpace& space, const std::vector<at::Tensor>& deltas,
                        const at::Tensor& last, double log_scale) {
  TensorTrain train{{}, -1, log_scale};
  const auto d = deltas.size();
  for (std::size_t k = 0; k < d; ++k) {
    const bool end = k + 1 == d;
    train.cores.push_back(
        stacked(space.right[k], end ? last : deltas[k], space.left[k], k == 0, end));
  }
  return train;
}

/// Whether the precision tells the smallest singular value of a triangle from zero. The norm of the
/// inverse bounds it from below; where that is too little to know, singular values decide.
bool is_resolved(const at::Tensor& upper) {
  const double floor = 8 * machine_epsilon(upper.scalar_type());
  const auto inverse =
      at::linalg_solve_triangular(upper, at::eye(upper.size(0), upper.options()), /*upper=*/true);
  if (floor * frobenius(upper) * frobenius(inverse) < 1) return true;
  const auto values = at::linalg_svdvals(upper);
  return values.min().item<double>() > floor * values.max().item<double>();
}

}  // namespace

TangentSpace tangent_space(const TensorTrain& train) {
  const auto d = static_cast<std::int64_t>(train.cores.size());
  const auto left = canonical(train, d - 1);
  base::require(frobenius(left.cores[d - 1]) > 0,
                "a train that is zero has no tangent space of fixed ranks");
  TangentSpace space{left.cores, left.cores, left.log_scale};
  for (auto bond = d - 2; bond >= 0; --bond) {
    auto& core = space.right[bond + 1];
    auto& next = space.right[bond];
    const auto before = core.size(0);
    const auto found = qr(core.reshape({before, -1}).mH());
    base::require(
        found.r.size(0) == before && is_resolved(found.r),
        "bond {} of a train does not have its full rank {}, so that the manifold of fixed "
        "ranks has no tangent space there: round the train first",
        bond, before);
    core = found.q.mH().reshape(core.sizes());
    next = at::mm(next.reshape({-1, before}), found.r.mH()).reshape(next.sizes());
  }
  return space;
}

TensorTrain point(const TangentSpace& space) {
  return {space.left, static_cast<std::int64_t>(space.left.size()) - 1, space.log_scale};
}

std::int64_t dimension(const TangentSpace& space) {
  std::int64_t count = 0;
  for (std::size_t k = 0; k < space.left.size(); ++k) {
    const auto& core = space.left[k];
    count += core.numel();
    if (k + 1 < space.left.size()) count -= core.size(2) * core.size(2);
  }
  return count;
}

Tangent gauged(const TangentSpace& space, std::vector<at::Tensor> deltas) {
  check_parts(space, deltas);
  for (std::size_t k = 0; k + 1 < deltas.size(); ++k) {
    const auto basis = space.left[k].reshape({-1, space.left[k].size(2)});
    const auto part = deltas[k].reshape({-1, deltas[k].size(2)});
    deltas[k] = (part - at::mm(basis, at::mm(basis.mH(), part))).reshape(deltas[k].sizes());
  }
  return {std::move(deltas), 0};
}

Tangent operator+(const Tangent& a, const Tangent& b) {
  base::require(a.deltas.size() == b.deltas.size(),
                "tangent vectors of {} and {} parts cannot be added", a.deltas.size(),
                b.deltas.size());
  Tangent out{{}, std::max(a.log_scale, b.log_scale)};
  const double of_a = std::exp(a.log_scale - out.log_scale);
  const double of_b = std::exp(b.log_scale - out.log_scale);
  for (std::size_t k = 0; k < a.deltas.size(); ++k) {
    out.deltas.push_back(a.deltas[k] * of_a + b.deltas[k] * of_b);
  }
  return out;
}

Tangent operator*(std::complex<double> factor, const Tangent& a) {
  base::require(factor.imag() == 0 || a.deltas.at(0).is_complex(),
                "a complex factor needs a complex tangent vector");
  Tangent out{{}, a.log_scale};
  for (const auto& delta : a.deltas) out.deltas.push_back(scaled_by(delta, factor));
  return out;
}

at::Tensor dot(const Tangent& a, const Tangent& b) {
  base::require(a.deltas.size() == b.deltas.size() && !a.deltas.empty(),
                "tangent vectors of {} and {} parts have no inner product", a.deltas.size(),
                b.deltas.size());
  auto sum = at::zeros({}, a.deltas[0].options());
  for (std::size_t k = 0; k < a.deltas.size(); ++k) {
    sum = sum + (a.deltas[k].conj() * b.deltas[k]).sum();
  }
  return sum * std::exp(a.log_scale + b.log_scale);
}

double norm(const Tangent& a) {
  double squared = 0;
  for (const auto& delta : a.deltas) squared += std::pow(frobenius(delta), 2);
  return std::exp(a.log_scale) * std::sqrt(squared);
}

TensorTrain as_train(const TangentSpace& space, const Tangent& tangent) {
  check_parts(space, tangent.deltas);
  return block_train(space, tangent.deltas, tangent.deltas.back(), tangent.log_scale);
}

Approximation retract(const TangentSpace& space, const Tangent& tangent, double step) {
  base::require(std::isfinite(step), "the step of a retraction must be a finite number");
  const double scale = step * std::exp(tangent.log_scale - space.log_scale);
  const auto moved = scale * tangent;
  check_parts(space, moved.deltas);
  const auto last = moved.deltas.back() + space.left.back();
  auto sum = block_train(space, moved.deltas, last, space.log_scale);
  const auto bounds = ranks(point(space));
  if (bounds.empty()) return {std::move(sum), 0, {}};
  return round(sum, {.ranks = bounds});
}

Tangent transport(const TangentSpace& from, const Tangent& tangent, const TangentSpace& to) {
  return project(to, as_train(from, tangent));
}

}  // namespace ranklens::tn
