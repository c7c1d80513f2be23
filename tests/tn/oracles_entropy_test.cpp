#include <cmath>

#include <ATen/ops/kron.h>

#include "ranklens/tn/analysis/entropy.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/make.h"

#include "testing/operator_counts.h"
#include "tn/values.h"

// Entropies with a closed form, to the digits that float64 has, and what finding them may cost.
namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

/// The permutation of the states of two sites of two that a gate is: row i has its 1 in column
/// of[i].
at::Tensor gate(std::initializer_list<std::int64_t> of) {
  auto matrix = at::zeros({4, 4}, at::kDouble);
  std::int64_t row = 0;
  for (const auto column : of) matrix[row++][column].fill_(1);
  return matrix;
}

double across(const at::Tensor& matrix) {
  const auto train = decompose(matrix, {2, 2}, {2, 2}).matrix;
  const double thin = bond_entropies(train)[0].von_neumann;
  const double dense = bond_entropies(matrix, {2, 2}, {2, 2})[0].von_neumann;
  EXPECT_NEAR(thin, dense, 1e-14);
  return thin;
}

// Operator Schmidt values (Nielsen et al. 2003): the identity has one, CNOT two equal
// ones, SWAP four.
TEST(OracleEntropy, PermutationsOfTwoSites) {
  EXPECT_NEAR(across(gate({0, 1, 2, 3})), 0, 1e-14);
  EXPECT_NEAR(across(gate({0, 1, 3, 2})), std::log(2.0), 1e-14);
  EXPECT_NEAR(across(gate({0, 2, 1, 3})), std::log(4.0), 1e-14);
  EXPECT_NEAR(across(gate({1, 0, 3, 2})), 0, 1e-14);  // X on one site alone
}

TEST(OracleEntropy, RankOneGhzAndTheBoundOfTheRank) {
  base::Stream stream(5, "init");
  for (const auto& bond : bond_entropies(random(stream, {3, 4, 2, 5}, {.ranks = {1}}))) {
    EXPECT_NEAR(bond.von_neumann, 0, 1e-14);
  }
  const auto ghz = delta(Shape(9, 2), Shape(9, 0)) + delta(Shape(9, 2), Shape(9, 1));
  for (const auto& bond : bond_entropies(ghz)) {
    EXPECT_NEAR(bond.von_neumann, std::log(2.0), 1e-14);
  }
  // sum_i |i>|i> of 6 values: the most that rank 6 can have.
  const auto most = bond_entropies(at::eye(6, at::kDouble))[0];
  EXPECT_NEAR(most.von_neumann, std::log(6.0), 1e-14);
  for (std::int64_t rank = 1; rank <= 4; ++rank) {
    const auto train = random(stream, {4, 5, 4, 5}, {.ranks = {rank}});
    for (const auto& bond : bond_entropies(train)) {
      EXPECT_LE(bond.von_neumann, std::log(static_cast<double>(rank)) + 1e-14);
    }
  }
}

TEST(OracleEntropy, OneSweepForAllBonds) {
  const auto counted = [](std::int64_t sites) {
    base::Stream stream(5, "init", "sweep");
    const auto train = random(stream, Shape(static_cast<std::size_t>(sites), 3), {.ranks = {4}});
    int all = 0, decompositions = 0;
    for (const auto& [name, count] : OperatorCounts::of([&] { bond_entropies(train); })) {
      all += count;
      if (name == "aten::linalg_svd" || name == "aten::linalg_qr") decompositions += count;
    }
    EXPECT_GT(decompositions, 0);
    return std::pair{all, decompositions};
  };
  const auto [few, few_decompositions] = counted(20);
  const auto [many, many_decompositions] = counted(80);
  // A sweep there and one back, whose SVD may begin with a QR: three factorisations a bond.
  EXPECT_LE(few_decompositions, 3 * 20);
  EXPECT_LE(many_decompositions, 3 * 80);
  EXPECT_LT(many, 4.4 * few);  // a sweep for each bond would be 16 times as many
}

}  // namespace
}  // namespace ranklens::tn
