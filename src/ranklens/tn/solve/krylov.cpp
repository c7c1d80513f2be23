#include "ranklens/tn/solve/krylov.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/real.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

double real_dot(const at::Tensor& a, const at::Tensor& b) {
  return at::real((a.conj() * b).sum()).item<double>();
}

/// The lowest eigenpair of a real symmetric tridiagonal matrix.
struct Tridiagonal {
  std::vector<double> diagonal, beside;

  std::pair<double, at::Tensor> lowest() const {
    const auto n = static_cast<std::int64_t>(diagonal.size());
    auto matrix = at::zeros({n, n}, at::kDouble);
    auto* entries = matrix.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < n; ++i) {
      entries[i * n + i] = diagonal[i];
      if (i + 1 < n) entries[(i + 1) * n + i] = entries[i * n + i + 1] = beside[i];
    }
    const auto [values, vectors] = at::linalg_eigh(matrix);
    return {values[0].item<double>(), vectors.select(1, 0).contiguous()};
  }
};

/// What a run of Lanczos from one start yields; `vector` has norm one up to rounding.
RitzPair lanczos_run(const Apply& apply, const at::Tensor& start, double tolerance,
                     std::int64_t max_vectors) {
  const auto size = start.numel();
  const auto count = std::min(max_vectors, size);
  const auto basis = at::empty({count, size}, start.options());
  Tridiagonal t;
  RitzPair best;
  auto v = start / frobenius(start);
  at::Tensor weights;
  for (std::int64_t j = 0; j < count; ++j) {
    basis.select(0, j).copy_(v);
    const auto known = basis.narrow(0, 0, j + 1);
    auto w = apply(v).reshape({-1});
    ++best.products;
    t.diagonal.push_back(real_dot(v, w));
    // Twice: once leaves rounding errors of the size of what was taken away.
    for (int pass = 0; pass < 2; ++pass) w = w - at::mv(known.t(), at::mv(known.conj(), w));
    const double beta = frobenius(w);
    std::tie(best.value, weights) = t.lowest();
    best.residual = beta * std::abs(weights[j].item<double>());
    const double scale = std::max(1.0, std::abs(best.value));
    if (best.residual <= tolerance * scale || beta <= 1e-14 * scale) break;
    t.beside.push_back(beta);
    v = w / beta;
  }
  const auto used = basis.narrow(0, 0, weights.size(0));
  best.vector = at::mv(used.t(), weights.to(start.options()));
  return best;
}

}  // namespace

RitzPair lanczos(const Apply& apply, const at::Tensor& start, const KrylovOptions& options) {
  RitzPair best;
  best.vector = start.reshape({-1});
  std::int64_t products = 0;
  do {
    best = lanczos_run(apply, best.vector, options.tolerance,
                       std::min(options.max_vectors, options.max_products - products));
    products += best.products;
  } while (best.residual > options.tolerance * std::max(1.0, std::abs(best.value)) &&
           products < options.max_products);
  best.vector = best.vector / frobenius(best.vector);
  best.products = products;
  return best;
}

Solved conjugate_gradients(const Apply& apply, const at::Tensor& b, const at::Tensor& start,
                           const KrylovOptions& options) {
  const double size = frobenius(b);
  Solved out{start.reshape({-1}), 0, 1, true};
  auto residual = b.reshape({-1}) - apply(out.x).reshape({-1});
  auto direction = residual;
  double squared = real_dot(residual, residual);
  const double enough = std::pow(options.tolerance * size, 2);
  while (squared > enough && out.products < options.max_products) {
    const auto image = apply(direction).reshape({-1});
    ++out.products;
    const double curvature = real_dot(direction, image);
    if (!(curvature > 0)) {
      out.positive = false;
      break;
    }
    const double length = squared / curvature;
    out.x = out.x + length * direction;
    residual = residual - length * image;
    const double before = squared;
    squared = real_dot(residual, residual);
    direction = residual + squared / before * direction;
  }
  out.residual = size > 0 ? std::sqrt(squared) / size : std::sqrt(squared);
  return out;
}

}  // namespace ranklens::tn
