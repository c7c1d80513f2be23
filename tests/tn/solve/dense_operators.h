#pragma once

#include <cstdint>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

namespace ranklens::testing {

/// A matrix on one site of a chain of spins 1/2, or on two that need not be neighbours, as a dense
/// matrix [2^sites, 2^sites].
inline at::Tensor on_sites(std::int64_t sites, std::int64_t first, const at::Tensor& a,
                           std::int64_t second = -1, const at::Tensor& b = {}) {
  auto out = at::ones({1, 1}, a.options());
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto unit = at::eye(2, a.options());
    out = at::kron(out, k == first ? a : k == second ? b : unit);
  }
  return out;
}

inline at::Tensor pauli(char which) {
  using C = c10::complex<double>;
  const C i(0, 1);
  switch (which) {
    case 'x':
      return at::tensor({C(0), C(1), C(1), C(0)}).reshape({2, 2});
    case 'y':
      return at::tensor({C(0), -i, i, C(0)}).reshape({2, 2});
    default:
      return at::tensor({C(1), C(0), C(0), C(-1)}).reshape({2, 2});
  }
}

}  // namespace ranklens::testing
