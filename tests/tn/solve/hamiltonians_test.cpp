#include "ranklens/tn/solve/hamiltonians.h"

#include <cmath>

#include <ATen/ops/imag.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/real.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/tensor_train.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"
#include "tn/solve/dense_operators.h"

namespace ranklens::tn {
namespace {

using testing::expect_error;
using testing::on_sites;
using testing::pauli;
using testing::relative;

TEST(Hamiltonians, AreSumsOfPauliMatrices) {
  const auto x = pauli('x'), y = pauli('y'), z = pauli('z');
  for (const std::int64_t n : {1, 2, 5}) {
    auto ising = at::zeros({1 << n, 1 << n}, at::kComplexDouble), heisenberg = ising.clone();
    for (std::int64_t i = 0; i < n; ++i) {
      ising = ising - 0.7 * on_sites(n, i, x);
      heisenberg = heisenberg - 0.3 * 0.5 * on_sites(n, i, z);
      if (i + 1 == n) continue;
      ising = ising - 1.3 * on_sites(n, i, z, i + 1, z);
      const auto flips = on_sites(n, i, x, i + 1, x) + on_sites(n, i, y, i + 1, y);
      heisenberg = heisenberg + 2 * 0.25 * (flips + 1.5 * on_sites(n, i, z, i + 1, z));
    }
    const auto by_trains = full(hamiltonian(Ising{.sites = n, .coupling = 1.3, .field = 0.7}));
    EXPECT_LT(relative(by_trains, at::real(ising)), 1e-14);
    EXPECT_EQ(frobenius(at::imag(heisenberg)), 0);
    const Heisenberg chain{.sites = n, .coupling = 2, .anisotropy = 1.5, .field = 0.3};
    EXPECT_LT(relative(full(hamiltonian(chain)), at::real(heisenberg)), 1e-14);
    EXPECT_LT(
        relative(full(hamiltonian(chain, at::kComplexFloat)).to(at::kComplexDouble), heisenberg),
        1e-6);
  }
}

TEST(Hamiltonians, SayWhatIsWrong) {
  expect_error([] { hamiltonian(Ising{.sites = 0}); }, "at least one site");
  expect_error([] { hamiltonian(Ising{.sites = 3, .field = std::nan("")}); }, "finite numbers");
  expect_error([] { chain_operator(3, at::ones({2, 2}), {{at::ones({2, 2}), at::ones({3, 3})}}); },
               "square matrices of one size and dtype");
}

}  // namespace
}  // namespace ranklens::tn
