#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::tn {

/// A term of two neighbours, left on site i times right on site i + 1; matrices [n, n].
struct NeighbourTerm {
  at::Tensor left, right;
};

/// sum_i local_i + sum_i sum_t left_i right_{i+1} on an open chain, as a TT matrix of ranks
/// 2 + number of terms (McCulloch 2007). All matrices are [n, n], of one dtype.
TTMatrix chain_operator(std::int64_t sites, const at::Tensor& local,
                        const std::vector<NeighbourTerm>& terms);

/// H = -coupling sum Z_i Z_{i+1} - field sum X_i with Pauli matrices, open ends.
struct Ising {
  std::int64_t sites = 2;
  double coupling = 1;
  double field = 1;  ///< transverse
};
TTMatrix hamiltonian(const Ising& chain, at::ScalarType dtype = at::kDouble);

/// H = coupling sum (S^x S^x + S^y S^y + anisotropy S^z S^z) - field sum S^z with spins 1/2, open
/// ends; a positive coupling is antiferromagnetic. Real in the basis of S^z.
struct Heisenberg {
  std::int64_t sites = 2;
  double coupling = 1;
  double anisotropy = 1;
  double field = 0;  ///< along z
};
TTMatrix hamiltonian(const Heisenberg& chain, at::ScalarType dtype = at::kDouble);

}  // namespace ranklens::tn
