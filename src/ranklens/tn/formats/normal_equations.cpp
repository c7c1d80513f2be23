#include "ranklens/tn/formats/normal_equations.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cholesky_solve.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {
namespace {

/// The rows that Cholesky with diagonal pivoting takes until what is left of the diagonal falls
/// below the tolerance, ascending.
std::vector<std::int64_t> independent_rows(const at::Tensor& gram, double resolution) {
  using Complex = std::complex<double>;
  const auto n = gram.size(0);
  const auto values = gram.to(at::kCPU, at::kComplexDouble).contiguous();
  const auto* g = reinterpret_cast<const Complex*>(values.const_data_ptr<c10::complex<double>>());
  std::vector<double> diagonal(n);
  for (std::int64_t i = 0; i < n; ++i) diagonal[i] = g[i * n + i].real();
  const double floor = resolution * *std::max_element(diagonal.begin(), diagonal.end());
  std::vector<std::int64_t> chosen;
  std::vector<std::vector<Complex>> columns;  // of the Cholesky factor
  while (static_cast<std::int64_t>(chosen.size()) < n) {
    const auto pivot = std::max_element(diagonal.begin(), diagonal.end()) - diagonal.begin();
    if (!(diagonal[pivot] > floor)) break;
    const double root = std::sqrt(diagonal[pivot]);
    std::vector<Complex> column(n);
    for (std::int64_t i = 0; i < n; ++i) {
      Complex entry = g[i * n + pivot];
      for (const auto& before : columns) entry -= before[i] * std::conj(before[pivot]);
      column[i] = entry / root;
      diagonal[i] -= std::norm(column[i]);
    }
    diagonal[pivot] = -1;  // taken
    columns.push_back(std::move(column));
    chosen.push_back(pivot);
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

NormalSolution by_cholesky(const at::Tensor& gram, const at::Tensor& right, double resolution) {
  const auto n = gram.size(0);
  const auto [lower, info] = at::linalg_cholesky_ex(gram);
  if (info.item<int>() == 0) {
    const auto roots = at::real(lower.diagonal());
    const double least = roots.min().item<double>();
    if (least * least > resolution * at::real(gram.diagonal()).max().item<double>()) {
      return {at::cholesky_solve(right, lower), n, 0};
    }
  }
  const auto rows = independent_rows(gram, resolution);
  auto x = at::zeros_like(right);
  const auto count = static_cast<std::int64_t>(rows.size());
  if (count == 0) return {x, 0, 0};
  const auto index = at::tensor(rows, gram.options().dtype(at::kLong));
  const auto part = gram.index_select(0, index).index_select(1, index);
  const auto solved =
      at::cholesky_solve(right.index_select(0, index), std::get<0>(at::linalg_cholesky_ex(part)));
  return {x.index_copy(0, index, solved), count, 0};
}

/// The ridge m >= 0 at which sum energy_i / (value_i + m)^2 = bound^2; decreasing in m.
double ridge_for(const std::vector<double>& values, const std::vector<double>& energies,
                 double bound) {
  const auto size_at = [&](double ridge) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double shifted = std::max(values[i], 0.0) + ridge;
      if (energies[i] > 0) sum += energies[i] / (shifted * shifted);
    }
    return std::sqrt(sum);
  };
  double total = 0;
  for (const double energy : energies) total += energy;
  double high = std::sqrt(total) / bound;  // every value is >= 0, so this is enough
  double low = high * 1e-18;
  for (int step = 0; step < 200 && high > low * (1 + 1e-12); ++step) {
    const double middle = std::sqrt(low * high);
    (size_at(middle) > bound ? low : high) = middle;
  }
  return high;
}

NormalSolution by_ridge(const at::Tensor& gram, const at::Tensor& right, double bound) {
  const auto [values, vectors] = at::linalg_eigh(gram);
  const auto turned = at::mm(vectors.mH(), right);
  const auto energies = at::real(turned * turned.conj()).sum(1);
  const auto list = [](const at::Tensor& t) {
    const auto flat = t.to(at::kCPU, at::kDouble).contiguous();
    const auto* p = flat.const_data_ptr<double>();
    return std::vector<double>(p, p + flat.numel());
  };
  const double ridge = ridge_for(list(values), list(energies), bound);
  const auto shifted = values.clamp_min(0) + ridge;
  return {at::mm(vectors, turned / shifted.unsqueeze(1)), gram.size(0), ridge};
}

}  // namespace

NormalSolution solve_normal(const at::Tensor& gram, const at::Tensor& right,
                            const NormalOptions& options) {
  auto solution = by_cholesky(gram, right, options.resolution);
  if (options.largest_norm > 0 && !(frobenius(solution.x) <= options.largest_norm)) {
    solution = by_ridge(gram, right, options.largest_norm);
  }
  return solution;
}

}  // namespace ranklens::tn
