#pragma once

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// What a basis [m, r] of orthonormal columns lacks to span the columns of `block` [m, k] too:
/// [m, c] of orthonormal columns orthogonal to the basis, c = min(k, m - r), so that [basis |
/// result] spans both. Where the block holds less than c new directions, the others are arbitrary
/// (still orthonormal). Lengths of the block's columns do not matter, not even tiny ones.
///
/// Rounds of products with the basis and of the block with itself, whose Cholesky factor makes the
/// next columns (block Gram-Schmidt with Pythagorean inner products, Carson, Lund, Rozloznik,
/// Thomas 2022; shifted where the block is too close to dependent for it, Fukaya, Kannan,
/// Nakatsukasa, Yamamoto, Yanagisawa 2020): products of matrices alone, two rounds for most blocks.
/// Where they do not end with orthonormal columns (dependent columns, zeros), by Householder
/// reflections of both. `inside`: the products basis^T block [r, k], where they are known.
at::Tensor complement(const at::Tensor& basis, const at::Tensor& block,
                      const at::Tensor& inside = {});

/// Orthonormal columns [m, k] that span those of a matrix [m, k], k <= m, in the same way:
/// orthonormal whatever the rank of the matrix. Error for a matrix wider than tall.
at::Tensor orthonormal_columns(const at::Tensor& matrix);

}  // namespace ranklens::optim
