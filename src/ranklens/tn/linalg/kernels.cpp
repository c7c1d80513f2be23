#include "ranklens/tn/linalg/kernels.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/svd.h"

namespace ranklens::tn::kernels {
namespace {

at::Tensor roots(const std::vector<double>& squares, std::int64_t from, std::int64_t to,
                 const at::Tensor& like) {
  std::vector<double> values;
  for (auto i = from; i < to; ++i)
    values.push_back(std::sqrt(squares[static_cast<std::size_t>(i)]));
  const auto dtype = c10::toRealValueType(like.scalar_type());
  return at::tensor(values, at::kDouble).to(like.device(), dtype);
}

double sum_from(const std::vector<double>& squares, std::int64_t first) {
  double sum = 0;
  for (auto i = squares.size(); i > static_cast<std::size_t>(first); --i) sum += squares[i - 1];
  return sum;
}

/// The split along a basis of the left singular vectors, or of the right ones.
Split along(const at::Tensor& matrix, const at::Tensor& basis, bool left, double discarded) {
  const auto kept = basis.to(matrix.scalar_type());
  if (left) return {kept, at::mm(kept.mH(), matrix), discarded, {}, {}};
  const auto [q, r] = at::linalg_qr(at::mm(matrix, kept), "reduced");
  return {q, at::mm(r, kept.mH()), discarded, {}, {}};
}

std::vector<double> squares_of(const at::Tensor& values) {
  const auto wide = values.to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> squares(wide.const_data_ptr<double>(),
                              wide.const_data_ptr<double>() + wide.numel());
  for (auto& square : squares) square *= square;
  return squares;
}

/// By measured cost (docs/tensor-trains.md): so few of n eigenvectors that subspace iteration finds
/// them sooner than all are found.
bool is_few(std::int64_t rank, std::int64_t n) { return n >= 48 && 3 * rank <= n; }

}  // namespace

std::int64_t rank_for(const std::vector<double>& squares, const Truncation& truncation,
                      double spent) {
  const double allowed = truncation.tolerance * truncation.tolerance;
  auto rank = static_cast<std::int64_t>(squares.size());
  double tail = spent;
  while (rank > 1 && tail + squares[static_cast<std::size_t>(rank - 1)] <= allowed) {
    tail += squares[static_cast<std::size_t>(--rank)];
  }
  return std::min(rank, truncation.max_rank);
}

Factors thin_svd(const at::Tensor& matrix) {
  const auto m = matrix.size(0), n = matrix.size(1);
  if (2 * m < n) {
    const auto other = thin_svd(matrix.mH());
    return {other.vh.mH(), other.s, other.u.mH(), 0, {}};
  }
  if (2 * m > 3 * n) {  // as LAPACK's drivers do, but with blocked products
    const auto [q, r] = at::linalg_qr(matrix, "reduced");
    const auto [u, s, vh] = reduced_svd(r);
    return {at::mm(q, u), s, vh, 0, {}};
  }
  const auto [u, s, vh] = reduced_svd(matrix);
  return {u, s, vh, 0, {}};
}

at::Tensor gram(const at::Tensor& matrix) {
  const auto wide = widened(matrix.scalar_type());
  if (wide == matrix.scalar_type()) return at::mm(matrix, matrix.mH());
  const auto m = matrix.size(0), n = matrix.size(1);
  auto sum = at::zeros({m, m}, matrix.options().dtype(wide));
  constexpr std::int64_t columns = 4096;  // a block that stays in the cache while it is widened
  for (std::int64_t at = 0; at < n; at += columns) {
    const auto block = matrix.narrow(1, at, std::min(columns, n - at)).to(wide);
    sum.addmm_(block, block.mH());
  }
  return sum;
}

Eigen eigen(const at::Tensor& hermitian) {
  const auto [values, vectors] = at::linalg_eigh(hermitian);
  const auto descending = values.flip(0).to(at::kCPU, at::kDouble).contiguous();
  Eigen result{{descending.const_data_ptr<double>(),
                descending.const_data_ptr<double>() + descending.numel()},
               vectors.flip(1)};
  for (auto& value : result.values) value = std::max(value, 0.0);
  return result;
}

Split by_qr(const at::Tensor& matrix) {
  auto [q, r] = at::linalg_qr(matrix, "reduced");
  return {q, r, 0, {}, {}};
}

Split by_svd(const at::Tensor& matrix, const Truncation& truncation) {
  const auto m = matrix.size(0), n = matrix.size(1);
  Factors found;
  if (m < n && 2 * n > 3 * m) {  // A^H = Q R: the left vectors are those of R^H, Q is not needed
    const auto r = std::get<1>(at::linalg_qr(matrix.mH(), "r"));
    const auto [u, s, vh] = reduced_svd(r.mH());
    found = {u, s, {}, 0, {}};
  } else {
    found = thin_svd(matrix);
  }
  const auto squares = squares_of(found.s);
  const auto rank = rank_for(squares, truncation), all = found.s.size(0);
  const auto q = found.u.narrow(1, 0, rank);
  const auto values = found.s.narrow(0, 0, rank);
  auto rest = found.vh.defined() ? found.vh.narrow(0, 0, rank) * values.unsqueeze(1)
                                 : at::mm(q.mH(), matrix);
  return {q, std::move(rest), std::sqrt(sum_from(squares, rank)), values,
          found.s.narrow(0, rank, all - rank)};
}

std::optional<Split> by_gram(const at::Tensor& matrix, const Truncation& truncation, double norm) {
  const auto m = matrix.size(0), n = matrix.size(1);
  const bool resolved = truncation.tolerance >= gram_floor * norm;
  if (!resolved && truncation.max_rank >= std::min(m, n)) return std::nullopt;
  const bool wide = m <= n;
  const auto square = gram(wide ? matrix : matrix.mH());
  if (!resolved && is_few(truncation.max_rank, square.size(0))) {
    if (const auto found = leading(square, truncation.max_rank)) {
      return along(matrix, found->basis, wide, std::sqrt(found->rest));
    }
  }
  const auto [squares, vectors] = eigen(square);
  const auto rank = rank_for(squares, truncation);
  // Bound by the rank alone: every value that is kept has to be one that the Gram matrix resolves.
  const double least = gram_floor * gram_floor * squares.front();
  if (!resolved && squares[static_cast<std::size_t>(rank - 1)] < least) return std::nullopt;
  auto result = along(matrix, vectors.narrow(1, 0, rank), wide, std::sqrt(sum_from(squares, rank)));
  const auto all = static_cast<std::int64_t>(squares.size());
  result.values = roots(squares, 0, rank, matrix);
  result.discarded_values = roots(squares, rank, all, matrix);
  return result;
}

}  // namespace ranklens::tn::kernels
