#include "ranklens/tn/train/algebra.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::tn {
namespace {

void check_pair(const TensorTrain& a, const TensorTrain& b, const char* what) {
  check(a);
  check(b);
  base::require(shape(a) == shape(b), "{} needs trains of one shape, not {} and {}", what,
                text(shape(a)), text(shape(b)));
  check_alike(a.cores[0], b.cores[0], what);
}

/// [a 0; 0 b] inside, [a b] and [a; b] at the ends.
at::Tensor block(const at::Tensor& a, const at::Tensor& b, bool first, bool last) {
  if (first && last) return a + b;
  const auto rows = first ? 1 : a.size(0) + b.size(0), columns = last ? 1 : a.size(2) + b.size(2);
  auto core = at::zeros({rows, a.size(1), columns}, a.options());
  core.narrow(0, 0, a.size(0)).narrow(2, 0, a.size(2)).copy_(a);
  core.narrow(0, rows - b.size(0), b.size(0)).narrow(2, columns - b.size(2), b.size(2)).copy_(b);
  return core;
}

at::Tensor times(const at::Tensor& tensor, std::complex<double> factor) {
  if (!tensor.is_complex()) return tensor * factor.real();
  return tensor * c10::Scalar(c10::complex<double>(factor));
}

/// What a sweep carries, kept near 1; its scale goes to `log_scale`.
void rescale(at::Tensor& environment, double& log_scale) {
  const double norm = frobenius(environment);
  if (!(norm > 0) || !std::isfinite(norm)) return;
  environment = environment / norm;
  log_scale += std::log(norm);
}

TTMatrix like(const TTMatrix& matrix, const TensorTrain& train) {
  return split(train, row_modes(matrix), column_modes(matrix));
}

void check_modes(const TTMatrix& a, const TTMatrix& b, const char* what) {
  base::require(row_modes(a) == row_modes(b) && column_modes(a) == column_modes(b),
                "{} needs TT matrices of the same modes, not {} by {} and {} by {}", what,
                text(row_modes(a)), text(column_modes(a)), text(row_modes(b)),
                text(column_modes(b)));
}

/// a [r, m, l, r'] and b [s, l, n, s'] joined over l: [r s, m, n, r' s'].
at::Tensor joined(const at::Tensor& a, const at::Tensor& b) {
  const auto r = a.size(0), m = a.size(1), l = a.size(2), r2 = a.size(3);
  const auto s = b.size(0), n = b.size(2), s2 = b.size(3);
  const auto left = a.permute({0, 1, 3, 2}).reshape({r * m * r2, l});
  const auto right = b.permute({1, 0, 2, 3}).reshape({l, s * n * s2});
  return at::mm(left, right)
      .reshape({r, m, r2, s, n, s2})
      .permute({0, 3, 1, 4, 2, 5})
      .reshape({r * s, m, n, r2 * s2});
}

}  // namespace

void check_alike(const at::Tensor& a, const at::Tensor& b, const char* what) {
  base::require(a.scalar_type() == b.scalar_type(), "{} needs one dtype, not {} and {}", what,
                base::dtype_name(a.scalar_type()), base::dtype_name(b.scalar_type()));
  base::require(a.device() == b.device(), "{} needs both on one device, not {} and {}", what,
                a.device().str(), b.device().str());
}

TensorTrain operator+(const TensorTrain& a, const TensorTrain& b) {
  check_pair(a, b, "a sum");
  const double scale = std::max(a.log_scale, b.log_scale);
  TensorTrain result{{}, -1, scale};
  const auto d = a.cores.size();
  // Over all cores, since what makes up for a difference of scales may lie in any of them.
  const double share_of_a = std::exp((a.log_scale - scale) / static_cast<double>(d));
  const double share_of_b = std::exp((b.log_scale - scale) / static_cast<double>(d));
  for (std::size_t k = 0; k < d; ++k) {
    auto left = a.cores[k], right = b.cores[k];
    if (a.log_scale != scale) left = left * share_of_a;
    if (b.log_scale != scale) right = right * share_of_b;
    result.cores.push_back(block(left, right, k == 0, k + 1 == d));
  }
  return result;
}

TensorTrain operator-(const TensorTrain& a, const TensorTrain& b) { return a + (-1.0) * b; }

TensorTrain operator*(std::complex<double> factor, const TensorTrain& train) {
  check(train);
  base::require(std::isfinite(factor.real()) && std::isfinite(factor.imag()),
                "a train cannot be multiplied by a number that is not finite");
  base::require(factor.imag() == 0 || train.cores[0].is_complex(),
                "a complex factor needs a complex train");
  auto result = train;
  auto& core = result.cores[train.centre < 0 ? 0 : train.centre];
  core = times(core, factor);
  return result;
}

TensorTrain conj(const TensorTrain& train) {
  auto result = train;
  for (auto& core : result.cores) core = core.conj();
  return result;
}

TensorTrain hadamard(const TensorTrain& a, const TensorTrain& b) {
  check_pair(a, b, "an entrywise product");
  TensorTrain result{{}, -1, a.log_scale + b.log_scale};
  for (std::size_t k = 0; k < a.cores.size(); ++k) {
    const auto &x = a.cores[k], &y = b.cores[k];
    const auto left = x.unsqueeze(1).unsqueeze(-1);   // [r, 1, n, r', 1]
    const auto right = y.unsqueeze(0).unsqueeze(-2);  // [1, s, n, 1, s']
    result.cores.push_back(
        (left * right).reshape({x.size(0) * y.size(0), x.size(1), x.size(2) * y.size(2)}));
  }
  return result;
}

TensorTrain kron(const TensorTrain& a, const TensorTrain& b) {
  check(a);
  check(b);
  check_alike(a.cores[0], b.cores[0], "a Kronecker product");
  auto result = a;
  result.cores.insert(result.cores.end(), b.cores.begin(), b.cores.end());
  result.centre = -1;
  result.log_scale += b.log_scale;
  return result;
}

ScaledNumber dot_scaled(const TensorTrain& a, const TensorTrain& b) {
  check_pair(a, b, "an inner product");
  auto environment = at::ones({1, 1}, a.cores[0].options());  // [rank of a, rank of b]
  double log_scale = a.log_scale + b.log_scale;
  for (std::size_t k = 0; k < a.cores.size(); ++k) {
    const auto &x = a.cores[k], &y = b.cores[k];
    const auto right = at::mm(environment, y.reshape({y.size(0), -1}));
    environment = at::mm(x.reshape({-1, x.size(2)}).mH(), right.reshape({-1, y.size(2)}));
    rescale(environment, log_scale);
  }
  return {environment.reshape({}), log_scale};
}

at::Tensor dot(const TensorTrain& a, const TensorTrain& b) {
  const auto found = dot_scaled(a, b);
  return found.unit * std::exp(found.log_scale);
}

double log_norm(const TensorTrain& train) {
  const auto gauged = train.centre < 0 ? canonical(train, 0) : train;
  check(gauged);
  return gauged.log_scale + std::log(frobenius(gauged.cores[gauged.centre]));
}

double norm(const TensorTrain& train) { return std::exp(log_norm(train)); }

at::Tensor sum(const TensorTrain& train) {
  check(train);
  auto row = at::ones({1, 1}, train.cores[0].options());
  double log_scale = train.log_scale;
  for (const auto& core : train.cores) {
    row = at::mm(row, core.sum(1));
    rescale(row, log_scale);
  }
  return row.reshape({}) * std::exp(log_scale);
}

TensorTrain sum(const TensorTrain& train, const Shape& modes) {
  check(train);
  const auto d = train.cores.size();
  std::vector<bool> gone(d, false);
  for (const auto mode : modes) {
    base::require(mode >= 0 && mode < static_cast<std::int64_t>(d) && !gone[mode],
                  "mode {} is not one of {}, or is given twice", mode, d);
    gone[mode] = true;
  }
  base::require(modes.size() < d, "a sum over all modes is a number: leave at least one mode");
  TensorTrain result{{}, modes.empty() ? train.centre : -1, train.log_scale};
  at::Tensor carried;  // a product of summed cores, on its way to the next that stays
  for (std::size_t k = 0; k < d; ++k) {
    const auto& core = train.cores[k];
    const auto summed = gone[k] ? core.sum(1, true) : core;
    auto merged = summed;
    if (carried.defined()) {
      merged = at::mm(carried, summed.reshape({summed.size(0), -1}))
                   .reshape({-1, summed.size(1), summed.size(2)});
    }
    carried = gone[k] ? merged.squeeze(1) : at::Tensor();
    if (!gone[k]) result.cores.push_back(merged);
  }
  if (carried.defined()) {
    auto& last = result.cores.back();
    last =
        at::mm(last.reshape({-1, last.size(2)}), carried).reshape({last.size(0), last.size(1), 1});
  }
  return result;
}

TTMatrix operator+(const TTMatrix& a, const TTMatrix& b) {
  check_modes(a, b, "a sum");
  return like(a, fused(a) + fused(b));
}

TTMatrix operator-(const TTMatrix& a, const TTMatrix& b) {
  check_modes(a, b, "a difference");
  return like(a, fused(a) - fused(b));
}

TTMatrix operator*(std::complex<double> factor, const TTMatrix& matrix) {
  return like(matrix, factor * fused(matrix));
}

at::Tensor dot(const TTMatrix& a, const TTMatrix& b) {
  check_modes(a, b, "an inner product");
  return dot(fused(a), fused(b));
}

double norm(const TTMatrix& matrix) { return norm(fused(matrix)); }

TTMatrix kron(const TTMatrix& a, const TTMatrix& b) {
  auto rows = row_modes(a), columns = column_modes(a);
  for (const auto m : row_modes(b)) rows.push_back(m);
  for (const auto n : column_modes(b)) columns.push_back(n);
  return split(kron(fused(a), fused(b)), rows, columns);
}

TTMatrix transpose(const TTMatrix& matrix) {
  check(matrix);
  auto result = matrix;
  for (auto& core : result.cores) core = core.transpose(1, 2);
  return result;
}

TTMatrix adjoint(const TTMatrix& matrix) {
  auto result = transpose(matrix);
  for (auto& core : result.cores) core = core.conj();
  return result;
}

TensorTrain matmul(const TTMatrix& a, const TensorTrain& x) {
  check(x);
  TTMatrix column{{}, x.centre, x.log_scale};
  for (const auto& core : x.cores) column.cores.push_back(core.unsqueeze(2));
  base::require(column_modes(a) == shape(x),
                "a TT matrix with column modes {} takes no train of {}", text(column_modes(a)),
                text(shape(x)));
  return fused(matmul(a, column));
}

TTMatrix matmul(const TTMatrix& a, const TTMatrix& b) {
  check(a);
  check(b);
  check_alike(a.cores[0], b.cores[0], "a product");
  base::require(column_modes(a) == row_modes(b),
                "a TT matrix with column modes {} cannot be multiplied by one with row modes {}",
                text(column_modes(a)), text(row_modes(b)));
  TTMatrix result{{}, -1, a.log_scale + b.log_scale};
  for (std::size_t k = 0; k < a.cores.size(); ++k) {
    result.cores.push_back(joined(a.cores[k], b.cores[k]));
  }
  return result;
}

}  // namespace ranklens::tn
