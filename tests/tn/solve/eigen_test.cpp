#include "ranklens/tn/solve/eigen.h"

#include <cmath>

#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/solve/hamiltonians.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"
#include "tn/solve/dense_operators.h"

namespace ranklens::tn {
namespace {

using testing::expect_error;
using testing::pauli;

double exact_lowest(const TTMatrix& a) {
  return std::get<0>(at::linalg_eigh(full(a)))[0].item<double>();
}

/// The ground energy of the open transverse-field Ising chain. The Jordan–Wigner transformation
/// makes it quadratic in fermions (Lieb, Schultz, Mattis 1961; Pfeuty 1970): in Majorana operators
/// H = i sum_ij a_i M_ij b_j with M bidiagonal, the field on its diagonal and the coupling beside
/// it; its singular values s turn this into i sum s a' b', whose lowest value is -sum s.
double free_fermions(const Ising& chain) {
  auto m = at::zeros({chain.sites, chain.sites}, at::kDouble);
  m.diagonal().fill_(chain.field);
  if (chain.sites > 1) m.diagonal(1).fill_(chain.coupling);
  return -at::linalg_svdvals(m).sum().item<double>();
}

TEST(LowestEigenpair, AgreesWithExactDiagonalisation) {
  for (const std::int64_t n : {1, 2, 3, 6, 10}) {
    const Ising ising{.sites = n, .coupling = 1.2, .field = 0.8};
    const Heisenberg heisenberg{.sites = n, .coupling = 1, .anisotropy = 0.6, .field = 0.2};
    for (const auto& h : {hamiltonian(ising), hamiltonian(heisenberg)}) {
      const double exact = exact_lowest(h);
      const auto found = lowest_eigenpair(h, {.dense_below = 32});
      EXPECT_NEAR(found.value, exact, 1e-10);
      EXPECT_TRUE(found.converged);
      EXPECT_LT(found.residual, 1e-4);
      EXPECT_NEAR(norm(found.x), 1, 1e-10);
      EXPECT_NEAR(norm(matmul(h, found.x) - found.value * found.x), found.residual, 1e-10);
    }
    EXPECT_NEAR(exact_lowest(hamiltonian(ising)), free_fermions(ising),
                1e-12 * static_cast<double>(n));
  }
}

TEST(LowestEigenpair, IsingOfTwentySitesAgreesWithFreeFermions) {
  for (const double field : {0.5, 1.0, 2.0}) {
    const Ising chain{.sites = 20, .coupling = 1, .field = field};
    const auto found = lowest_eigenpair(hamiltonian(chain));
    EXPECT_NEAR(found.value, free_fermions(chain), 1e-10) << "field " << field;
    EXPECT_TRUE(found.converged);
  }
}

// Neighbours coupled by S x S along z: complex in every local basis of its kind.
TEST(LowestEigenpair, HermitianAndComplex) {
  const auto x = pauli('x'), y = pauli('y'), z = pauli('z');
  const auto h = chain_operator(8, 0.3 * x + 0.1 * y, {{x, y}, {-1.0 * y, x}, {0.5 * z, z}});
  const double exact = exact_lowest(h);
  const auto found = lowest_eigenpair(h, {.dense_below = 16});
  EXPECT_NEAR(found.value, exact, 1e-9);
  EXPECT_TRUE(found.converged);
}

TEST(LowestEigenpair, EveryDtype) {
  for (const auto dtype : testing::kFour) {
    const bool narrow = testing::is_narrow(dtype);
    const auto h = hamiltonian(Heisenberg{.sites = 6}, dtype);
    const auto found = lowest_eigenpair(h, {.tolerance = narrow ? 1e-6 : 1e-11, .dense_below = 8});
    EXPECT_NEAR(found.value, -2.493577133887926, narrow ? 1e-5 : 1e-10);
    EXPECT_EQ(found.x.cores[0].scalar_type(), dtype);
    EXPECT_TRUE(found.converged);
  }
}

TEST(LowestEigenpair, OneSiteNeverRisesAndSaysHowFarItIs) {
  const auto h = hamiltonian(Heisenberg{.sites = 10});
  const auto found = lowest_eigenpair(h, {.sites = 1, .max_sweeps = 10, .start_rank = 4});
  for (std::size_t i = 1; i < found.sweeps.size(); ++i) {
    EXPECT_LE(found.sweeps[i].value, found.sweeps[i - 1].value + 1e-11);
  }
  EXPECT_EQ(found.sweeps.back().largest_rank, 4);
  const double exact = exact_lowest(h);
  EXPECT_GT(found.value, exact);
  EXPECT_LE(found.value - exact, found.residual);
}

TEST(LowestEigenpair, ARankThatIsTooLowIsSaid) {
  const auto found = lowest_eigenpair(hamiltonian(Heisenberg{.sites = 12}), {.max_rank = 4});
  EXPECT_FALSE(found.converged);
  EXPECT_TRUE(found.sweeps.back().rank_limited);
  EXPECT_GT(found.sweeps.back().discarded, 1e-8);
  for (const auto r : ranks(found.x)) EXPECT_LE(r, 4);
  // Every cut of the sweep, with what it cut off: eleven bonds to the right, ten back.
  const auto& cuts = found.sweeps.back().cuts;
  ASSERT_EQ(cuts.size(), 21U);
  double largest = 0;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    EXPECT_EQ(cuts[i].bond, static_cast<std::int64_t>(i < 11 ? i : 20 - i));
    EXPECT_LE(cuts[i].rank, 4);
    if (!cuts[i].discarded_values.defined()) continue;
    const double lost = frobenius(cuts[i].discarded_values);
    const double kept = frobenius(cuts[i].values);
    EXPECT_NEAR(lost, cuts[i].discarded, 1e-6 * (kept + lost));
    largest = std::max(largest, lost / std::hypot(kept, lost));
  }
  EXPECT_NEAR(largest, found.sweeps.back().discarded, 1e-6);
}

TEST(LowestEigenpair, TheValueIsThatOfWhatTheCutsKept) {
  const auto h = hamiltonian(Heisenberg{.sites = 8});
  const auto found = lowest_eigenpair(h, {.eps = 0.1, .max_sweeps = 4});
  const auto matrix = full(h), x = full(found.x).flatten();
  const auto image = matrix.matmul(x);
  const double expected = (x.dot(image) / x.dot(x)).item<double>();
  EXPECT_NEAR(found.value, expected, 1e-10);
  EXPECT_NEAR(found.residual, (image - expected * x).norm().item<double>(), 1e-8);
  const double lowest = std::get<0>(at::linalg_eigh(matrix))[0].item<double>();
  EXPECT_GT(found.value, lowest + 1e-4);
}

TEST(LowestEigenpair, ScaleAndStart) {
  auto h = hamiltonian(Heisenberg{.sites = 6});
  h.log_scale = std::log(3.0);
  const auto found = lowest_eigenpair(h);
  EXPECT_NEAR(found.value, 3 * -2.493577133887926, 1e-9);
  const auto again = lowest_eigenpair(h, {.max_sweeps = 2, .start = found.x});
  EXPECT_NEAR(again.sweeps.front().value, found.value, 1e-10);
  EXPECT_TRUE(again.converged);
}

TEST(LowestEigenpair, SaysWhatIsWrong) {
  const auto h = hamiltonian(Ising{.sites = 4});
  auto skew = h;
  skew.cores[1] = testing::drawn(h.cores[1].sizes(), "skew");
  expect_error([&] { lowest_eigenpair(skew); }, "not Hermitian");
  expect_error([&] { lowest_eigenpair(h, {.sites = 0}); }, "1 or 2 sites at a time, not on 0");
  expect_error([&] { lowest_eigenpair(h, {.start = ones({2, 2, 2})}); },
               "the start has shape 2x2x2");
  expect_error([&] { lowest_eigenpair(h, {.start = ones(Shape(4, 2), at::kFloat)}); }, "one dtype");
  expect_error([&] { lowest_eigenpair(h, {.eps = std::nan("")}); }, "eps must be a number >= 0");
}

}  // namespace
}  // namespace ranklens::tn
