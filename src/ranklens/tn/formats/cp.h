#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// A sum of R rank-one tensors (canonical polyadic decomposition):
/// x[i_1 .. i_d] = sum_r weights[r] factors[0][i_1, r] ... factors[d-1][i_d, r].
struct CP {
  at::Tensor weights;               ///< [R]
  std::vector<at::Tensor> factors;  ///< [n_k, R]
};

/// Error unless the factors agree with each other and with the weights.
void check(const CP& cp);

std::int64_t rank(const CP& cp);
std::vector<std::int64_t> shape(const CP& cp);

/// The tensor itself, [n_1 .. n_d].
at::Tensor full(const CP& cp);

/// The Frobenius norm from the factors' Gram matrices, in O(R^2 sum n): relative to the norm of the
/// largest term it is known to about 1e-8 only (the root of double precision).
double norm(const CP& cp);

/// The numbers that have to be stored, R sum n_k: the weights go into any of the factors.
std::int64_t parameters(const CP& cp);

/// The same tensor with columns of norm one and weights real, not negative, largest first.
CP normalised(const CP& cp);

/// The transposed Khatri–Rao product of at least one matrix [R, n_i]: [R, product of the n_i],
/// whose row r is the Kronecker product of the rows r.
at::Tensor khatri_rao_rows(const std::vector<at::Tensor>& rows);

}  // namespace ranklens::tn
