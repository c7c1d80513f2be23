#include "ranklens/optim/low_rank/orthonormalise.h"

#include <cmath>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/where.h>
#include <ATen/record_function.h>

#include "ranklens/base/error.h"
#include "ranklens/base/scopes.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

at::Tensor without(const at::Tensor& basis, const at::Tensor& block) {
  return block - at::matmul(basis, at::matmul(basis.t(), block));
}

// Columns of length one; zero columns stay.
at::Tensor unit_columns(const at::Tensor& block) {
  const auto lengths = at::linalg_vector_norm(block, 2, at::IntArrayRef{0}, /*keepdim=*/true);
  return block / at::where(lengths > 0, lengths, lengths.new_ones({}));
}

// block R^-1 with R^T R = block^T block + shift I.
std::optional<at::Tensor> by_cholesky(const at::Tensor& block, double shift) {
  auto gram = at::matmul(block.t(), block);
  if (shift > 0) gram.diagonal().add_(shift);
  const auto [lower, info] = at::linalg_cholesky_ex(gram);
  if (info.item<int>() != 0) return {};
  return at::linalg_solve_triangular(lower.t(), block, /*upper=*/true, /*left=*/false);
}

bool is_orthonormal(const at::Tensor& basis, const at::Tensor& block) {
  const double allowed =
      50 * tn::machine_epsilon(block.scalar_type()) * std::sqrt(static_cast<double>(block.size(0)));
  const auto gram = at::matmul(block.t(), block);
  const auto own = (gram - at::eye(gram.size(0), gram.options())).abs().max().item<double>();
  if (!(own <= allowed)) return false;
  return basis.size(1) == 0 || at::matmul(basis.t(), block).abs().max().item<double>() <= allowed;
}

std::optional<at::Tensor> by_gram_matrices(const at::Tensor& basis, const at::Tensor& block) {
  const auto rows = static_cast<double>(block.size(0)),
             columns = static_cast<double>(block.size(1));
  auto found = without(basis, unit_columns(without(basis, unit_columns(block))));
  // Fukaya et al. (2020), section 3: 11 (m k + k (k + 1)) u ||X||_2^2; columns of length one give
  // ||X||_2^2 <= k.
  const double shift = 11 * (rows * columns + columns * (columns + 1)) *
                       tn::machine_epsilon(block.scalar_type()) / 2;
  for (const double one : {shift, 0.0, 0.0}) {
    auto next = by_cholesky(found, one);
    if (!next) return {};
    found = without(basis, *next);
  }
  auto last = by_cholesky(found, 0);
  if (!last || !is_orthonormal(basis, *last)) return {};
  return last;
}

}  // namespace

at::Tensor orthonormal_columns(const at::Tensor& matrix) {
  RECORD_USER_SCOPE(base::factorisation_scope);
  return std::get<0>(at::linalg_qr(matrix, "reduced"));
}

at::Tensor complement(const at::Tensor& basis, const at::Tensor& block) {
  RECORD_USER_SCOPE(base::factorisation_scope);
  base::require(basis.dim() == 2 && block.dim() == 2 && basis.size(0) == block.size(0) &&
                    basis.size(1) <= basis.size(0),
                "a basis is extended by columns of its own length");
  const auto rank = basis.size(1), room = basis.size(0) - rank;
  if (room == 0 || block.size(1) == 0) return basis.new_empty({basis.size(0), 0});
  if (block.size(1) > room) {
    return std::get<0>(at::linalg_qr(basis, "complete")).narrow(1, rank, room);
  }
  if (auto found = by_gram_matrices(basis, block)) return *found;
  const auto rest = without(basis, unit_columns(without(basis, unit_columns(block))));
  return orthonormal_columns(at::cat({basis, rest}, 1)).narrow(1, rank, block.size(1));
}

}  // namespace ranklens::optim
