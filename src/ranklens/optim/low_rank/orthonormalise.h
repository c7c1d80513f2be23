#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// What a basis [m, r] of orthonormal columns lacks to span the columns of `block` [m, k] too:
/// [m, c] of orthonormal columns orthogonal to the basis, c = min(k, m - r), so that [basis |
/// result] spans both. Where the block holds less than c new directions, the others are arbitrary
/// (still orthonormal). Lengths of the block's columns do not matter, not even tiny ones.
///
/// The block is projected against the basis twice and orthonormalised by shifted Cholesky
/// factorisations of its Gram matrix (Fukaya, Kannan, Nakatsukasa, Yamamoto, Yanagisawa 2020),
/// which is products of matrices alone; where these do not end with orthonormal columns (dependent
/// columns, zeros), by Householder reflections of both.
at::Tensor complement(const at::Tensor& basis, const at::Tensor& block);

/// Orthonormal columns [m, k] that span those of a matrix [m, k], k <= m, by Householder
/// reflections: orthonormal whatever the rank of the matrix.
at::Tensor orthonormal_columns(const at::Tensor& matrix);

}  // namespace ranklens::optim
