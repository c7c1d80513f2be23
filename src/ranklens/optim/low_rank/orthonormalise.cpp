#include "ranklens/optim/low_rank/orthonormalise.h"

#include <algorithm>
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
#include "ranklens/tn/linalg/tall.h"
#include "ranklens/tn/linalg/tall_triangles.h"

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

at::Tensor by_reflections(const at::Tensor& matrix) {
  return std::get<0>(at::linalg_qr(matrix, "reduced"));
}

// Gram matrices are small, and factorised in double precision.
at::Tensor in_double(const at::Tensor& matrix) { return matrix.to(at::kDouble); }

double largest(const at::Tensor& matrix) {
  return matrix.numel() == 0 ? 0 : matrix.abs().max().item<double>();
}

// R^-1 with R^T R = D (gram + shift) D, D so that the diagonal of the first is 1, times D.
std::optional<at::Tensor> whitening(const at::Tensor& gram, double shift) {
  const auto lengths = gram.diagonal();
  if (!lengths.gt(0).all().item<bool>()) return {};
  const auto scale = lengths.rsqrt();
  auto even = gram * scale.unsqueeze(0) * scale.unsqueeze(1);
  if (shift > 0) even.diagonal().add_(shift);
  const auto [lower, info] = at::linalg_cholesky_ex(even);
  if (info.item<int>() != 0) return {};
  const auto inverse = at::linalg_solve_triangular(lower.t(), at::eye(gram.size(0), gram.options()),
                                                   /*upper=*/true);
  return inverse * scale.unsqueeze(1);
}

/// What a round knows of columns: their products with the basis and among themselves.
struct Products {
  at::Tensor with_basis, own;
};

at::Tensor own_products(const at::Tensor& columns) { return in_double(tn::tall_own_gram(columns)); }

Products products_of(const at::Tensor& basis, const at::Tensor& columns) {
  return {in_double(tn::tall_gram(basis, columns)), own_products(columns)};
}

// Numbers whose squares and products are far from the ends of the type's range.
bool is_of_ordinary_length(const at::Tensor& squares) {
  const auto least = squares.min().item<double>(), most = squares.max().item<double>();
  return least > 1e-24 && most < 1e24;
}

// columns mix - basis inside; the mix is upper triangular.
at::Tensor mixed(const at::Tensor& basis, const at::Tensor& columns, const at::Tensor& mix,
                 const at::Tensor& inside) {
  const auto type = columns.scalar_type();
  auto found = tn::tall_times_upper(columns, mix.to(type));
  if (basis.size(1) > 0) found.sub_(tn::tall_times(basis, inside.to(type)));
  return found;
}

// A round: products of the columns with the basis and among themselves, from which two products
// with small matrices take the basis out of the columns and make them orthonormal, as far as the
// precision of the first allows ("Pythagorean": what the basis leaves of X^T X is
// X^T X - (B^T X)^T B^T X). The next round begins nearer.
std::optional<at::Tensor> by_gram_matrices(const at::Tensor& basis, const at::Tensor& block,
                                           const at::Tensor& inside) {
  const auto columns = block.size(1);
  const double unit = tn::machine_epsilon(block.scalar_type());
  // What a difference of numbers near one leaves below this is rounding, not a direction.
  const double noise = 4 * unit * std::sqrt(static_cast<double>(block.size(0)));
  auto found = block;
  auto known = inside.defined() ? Products{in_double(inside), own_products(found)}
                                : products_of(basis, found);
  if (!is_of_ordinary_length(known.own.diagonal())) {
    found = unit_columns(found);
    known = products_of(basis, found);
  }
  constexpr int kRounds = 6;
  for (int round = 0; round < kRounds; ++round) {
    const auto& [with_basis, own] = known;
    const double within = largest(with_basis),
                 uneven = largest(own - at::eye(columns, own.options()));
    if (std::max(within, uneven) <= 10 * unit) return found;
    const auto rest = own - at::matmul(with_basis.t(), with_basis);
    if (!((rest.diagonal() / own.diagonal()).min().item<double>() > noise)) {
      // Nearly all within the basis: the basis is taken out first, then lengths are made one.
      found = unit_columns(found - at::matmul(basis, with_basis.to(found.scalar_type())));
    } else {
      auto mix = whitening(rest, 0);
      if (!mix) mix = whitening(rest, noise * static_cast<double>(columns));
      if (!mix) return {};
      found = mixed(basis, found, *mix, at::matmul(with_basis, *mix));
      // Products of columns that are nearly orthonormal lose nothing, so that this round was the
      // last; but what the basis itself lacks in orthonormality comes back times `within`.
      constexpr double even = 0.1;
      if (within < std::sqrt(unit) && uneven < even) return found;
    }
    known = products_of(basis, found);
  }
  return {};
}

}  // namespace

at::Tensor orthonormal_columns(const at::Tensor& matrix) {
  RECORD_USER_SCOPE(base::factorisation_scope);
  base::require(matrix.dim() == 2 && matrix.size(1) <= matrix.size(0),
                "orthonormal columns are no more than they have entries");
  if (matrix.size(1) == 0) return matrix.clone();
  if (auto found = by_gram_matrices(matrix.new_empty({matrix.size(0), 0}), matrix, {}))
    return *found;
  return by_reflections(matrix);
}

at::Tensor complement(const at::Tensor& basis, const at::Tensor& block, const at::Tensor& inside) {
  RECORD_USER_SCOPE(base::factorisation_scope);
  base::require(basis.dim() == 2 && block.dim() == 2 && basis.size(0) == block.size(0) &&
                    basis.size(1) <= basis.size(0),
                "a basis is extended by columns of its own length");
  const auto rank = basis.size(1), room = basis.size(0) - rank;
  if (room == 0 || block.size(1) == 0) return basis.new_empty({basis.size(0), 0});
  if (block.size(1) > room) {
    return std::get<0>(at::linalg_qr(basis, "complete")).narrow(1, rank, room);
  }
  if (auto found = by_gram_matrices(basis, block, inside)) return *found;
  const auto rest = without(basis, unit_columns(without(basis, unit_columns(block))));
  return by_reflections(at::cat({basis, rest}, 1)).narrow(1, rank, block.size(1));
}

}  // namespace ranklens::optim
