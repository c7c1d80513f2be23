#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>

#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/sketch.h"

namespace ranklens::tn::kernels {
namespace {

double real_trace(const at::Tensor& matrix) {
  const auto sum = matrix.diagonal().sum();
  return (sum.is_complex() ? at::real(sum) : sum).item<double>();
}

}  // namespace

std::optional<Leading> leading(const at::Tensor& hermitian, std::int64_t rank) {
  constexpr int most_iterations = 3;
  constexpr double gap = 0.1;       // the rest, at most, in units of the smallest that is kept
  constexpr double settled = 1e-6;  // what the basis may miss of the best, in units of the rest
  const double all = real_trace(hermitian);
  if (!(all > 0)) return std::nullopt;
  base::Stream stream(0, "noise", "tn.leading");
  auto start = gaussian(stream, {hermitian.size(0), rank}, hermitian.options());
  for (int i = 0; i < most_iterations; ++i) {
    const auto basis = std::get<0>(at::linalg_qr(at::mm(hermitian, start), "reduced"));
    const auto image = at::mm(hermitian, basis);
    const auto inside = at::mm(basis.mH(), image);
    const auto [factor, info] = at::linalg_cholesky_ex(inside);
    if (info.item<int>() != 0) return std::nullopt;
    const auto diagonal = factor.diagonal().abs();
    const double least = diagonal.min().item<double>();
    if (least * least < 4 * gram_floor * gram_floor * all) return std::nullopt;
    const double rest = all - real_trace(inside);
    if (rest > gap * least * least && i > 0) return std::nullopt;
    // First order in the residual: what one more step would bring in, tr(inside^-1 outside^H
    // outside).
    const auto outside = image - at::mm(basis, inside);
    const double gain =
        std::pow(frobenius(at::linalg_solve_triangular(factor, outside.mH(), false)), 2);
    const bool exact = rest <= 16 * machine_epsilon(at::kDouble) * all;
    if (exact || (gain <= settled * rest && rest <= gap * least * least)) {
      return Leading{basis, std::max(rest, 0.0)};
    }
    start = image;
  }
  return std::nullopt;
}

}  // namespace ranklens::tn::kernels
