#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// A core times a matrix in each mode (Tucker 1966):
/// x[i_1 .. i_d] = sum core[a_1 .. a_d] factors[0][i_1, a_1] ... factors[d-1][i_d, a_d].
struct Tucker {
  at::Tensor core;  ///< [r_1 .. r_d]
  std::vector<at::Tensor>
      factors;  ///< [n_k, r_k]; orthonormal columns where a decomposition made them
};

/// Error unless the factors agree with the core.
void check(const Tucker& tucker);

std::vector<std::int64_t> ranks(const Tucker& tucker);
std::vector<std::int64_t> shape(const Tucker& tucker);

/// The tensor itself, [n_1 .. n_d].
at::Tensor full(const Tucker& tucker);

/// The Frobenius norm, from the core and the factors' Gram matrices.
double norm(const Tucker& tucker);

/// The numbers stored: the core's and the factors'.
std::int64_t parameters(const Tucker& tucker);

}  // namespace ranklens::tn
