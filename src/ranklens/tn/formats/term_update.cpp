#include "ranklens/tn/formats/term_update.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>
#include <ATen/ops/where.h>

namespace ranklens::tn {
namespace {

constexpr std::int64_t kMostTerms = 64;  // above, a library's Cholesky factor is faster

/// The lower Cholesky factor of a symmetric matrix [n, n] in its place; false where a squared pivot
/// is not above `least`.
bool factor_in_place(std::vector<double>& matrix, std::int64_t n, double least) {
  for (std::int64_t j = 0; j < n; ++j) {
    auto* row = matrix.data() + j * n;
    for (std::int64_t i = 0; i < j; ++i) {
      const auto* above = matrix.data() + i * n;
      double entry = row[i];
      for (std::int64_t k = 0; k < i; ++k) entry -= row[k] * above[k];
      row[i] = entry / above[i];
    }
    double pivot = row[j];
    for (std::int64_t k = 0; k < j; ++k) pivot -= row[k] * row[k];
    if (!(pivot > least)) return false;
    row[j] = std::sqrt(pivot);
  }
  return true;
}

/// x -= factor y
void subtract(double* x, const double* y, double factor, std::int64_t count) {
  for (std::int64_t k = 0; k < count; ++k) x[k] -= factor * y[k];
}

void scale(double* x, double factor, std::int64_t count) {
  for (std::int64_t k = 0; k < count; ++k) x[k] *= factor;
}

/// x [n, columns] becomes (L L^T)^-1 x.
void solve_in_place(const std::vector<double>& lower, std::int64_t n, double* x,
                    std::int64_t columns) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j)
      subtract(x + i * columns, x + j * columns, lower[i * n + j], columns);
    scale(x + i * columns, 1 / lower[i * n + i], columns);
  }
  for (auto i = n; i-- > 0;) {
    for (auto j = i + 1; j < n; ++j)
      subtract(x + i * columns, x + j * columns, lower[j * n + i], columns);
    scale(x + i * columns, 1 / lower[i * n + i], columns);
  }
}

bool loops_take(const at::Tensor& gram, const at::Tensor& right) {
  return gram.is_cpu() && right.is_cpu() && gram.scalar_type() == at::kDouble &&
         right.scalar_type() == at::kDouble && gram.size(0) <= kMostTerms &&
         !(at::GradMode::is_enabled() && (gram.requires_grad() || right.requires_grad()));
}

/// x, unless the system is near to singular.
std::optional<at::Tensor> solved(const at::Tensor& gram, const at::Tensor& right,
                                 double resolution) {
  const auto n = gram.size(0);
  const auto whole = gram.contiguous();
  const auto* first = whole.const_data_ptr<double>();
  std::vector<double> lower(first, first + n * n);
  double largest = 0;
  for (std::int64_t i = 0; i < n; ++i) largest = std::max(largest, lower[i * n + i]);
  if (!factor_in_place(lower, n, resolution * largest)) return std::nullopt;
  auto x = right.clone(at::MemoryFormat::Contiguous);
  solve_in_place(lower, n, x.mutable_data_ptr<double>(), right.size(1));
  return x;
}

double dot_of(const at::Tensor& a, const at::Tensor& b) {
  const auto one = a.contiguous(), other = b.contiguous();
  const auto *p = one.const_data_ptr<double>(), *q = other.const_data_ptr<double>();
  double sums[4] = {0, 0, 0, 0};  // one sum would wait for each addition
  const auto count = one.numel(), whole = count / 4 * 4;
  for (std::int64_t k = 0; k < whole; k += 4)
    for (std::int64_t lane = 0; lane < 4; ++lane) sums[lane] += p[k + lane] * q[k + lane];
  for (auto k = whole; k < count; ++k) sums[0] += p[k] * q[k];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// By loops; nothing where the plain solution does not serve.
std::optional<TermUpdate> by_loops(const at::Tensor& gram, const at::Tensor& right,
                                   const NormalOptions& options) {
  const auto found = solved(gram, right, options.resolution);
  if (!found) return std::nullopt;
  const auto n = gram.size(0), columns = right.size(1);
  TermUpdate update{.rows = *found,
                    .gram = at::mm(*found, found->t()),
                    .lengths = at::empty({n}, gram.options()),
                    .inner = dot_of(*found, right),
                    .own_squared = 0,
                    .ridge = 0,
                    .rank = n};
  update.own_squared = dot_of(gram, update.gram);
  auto* products = update.gram.mutable_data_ptr<double>();
  auto* lengths = update.lengths.mutable_data_ptr<double>();
  double squared = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double length = products[i * n + i];
    if (!(length > 0) || !std::isfinite(length)) return std::nullopt;
    squared += length;
    lengths[i] = std::sqrt(length);
  }
  if (options.largest_norm > 0 && !(std::sqrt(squared) <= options.largest_norm))
    return std::nullopt;
  auto* rows = update.rows.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < n; ++i) {
    scale(rows + i * columns, 1 / lengths[i], columns);
    for (std::int64_t j = 0; j < n; ++j) products[i * n + j] /= lengths[i] * lengths[j];
  }
  return update;
}

}  // namespace

TermUpdate update_terms_by_operators(const at::Tensor& gram, const at::Tensor& right,
                                     const at::Tensor& before, const NormalOptions& options) {
  const auto solution = solve_normal(gram, right, options);
  const auto& x = solution.x;
  TermUpdate update{.rows = {},
                    .gram = {},
                    .lengths = at::linalg_vector_norm(x, 2, at::IntArrayRef{1}),
                    .inner = at::real((x.conj() * right).sum()).item<double>(),
                    .own_squared = at::real((x.conj() * at::mm(gram, x)).sum()).item<double>(),
                    .ridge = solution.ridge,
                    .rank = solution.rank};
  const auto lengths = update.lengths.unsqueeze(1);
  // A term that vanished may come back. Solutions come column by column; products want rows.
  update.rows = at::where(lengths > 0, x / lengths, before).contiguous();
  update.gram = at::mm(update.rows.conj(), update.rows.t());
  return update;
}

TermUpdate update_terms(const at::Tensor& gram, const at::Tensor& right, const at::Tensor& before,
                        const NormalOptions& options) {
  if (loops_take(gram, right)) {
    if (auto update = by_loops(gram, right, options)) return *std::move(update);
  }
  return update_terms_by_operators(gram, right, before, options);
}

}  // namespace ranklens::tn
