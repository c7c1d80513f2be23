#include "ranklens/optim/low_rank/orthonormalise.h"

#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/logspace.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "optim/low_rank/matrices.h"

namespace ranklens::optim {
namespace {

using testing::basis;
using testing::distance;
using testing::noise;

void expect_extends(const at::Tensor& old, const at::Tensor& added, double allowed = 1e-13) {
  const auto all = at::cat({old, added}, 1);
  const auto gram = at::matmul(all.t(), all);
  EXPECT_LT((gram - at::eye(gram.size(0), gram.options())).abs().max().item<double>(), allowed);
}

double outside(const at::Tensor& bases, const at::Tensor& columns) {
  return distance(columns, at::matmul(bases, at::matmul(bases.t(), columns)));
}

TEST(Complement, SpansTheBlock) {
  const auto old = basis(40, 6, 1), block = noise(40, 5, 2);
  const auto added = complement(old, block);
  EXPECT_EQ(added.sizes(), (at::IntArrayRef{40, 5}));
  expect_extends(old, added);
  EXPECT_LT(outside(at::cat({old, added}, 1), block), 1e-12);
}

TEST(Complement, LengthsDoNotMatter) {
  const auto old = basis(40, 6, 3);
  auto block = noise(40, 4, 4);
  block.select(1, 0).mul_(1e-200);
  block.select(1, 2).mul_(1e150);
  const auto added = complement(old, block);
  expect_extends(old, added);
  const auto all = at::cat({old, added}, 1);
  EXPECT_LT(outside(all, block.select(1, 0).unsqueeze(1) * 1e200), 1e-12);
  EXPECT_LT(outside(all, block.select(1, 2).unsqueeze(1) * 1e-150), 1e-12);
}

TEST(Complement, OfZerosAndOfRepeatedColumns) {
  const auto old = basis(30, 5, 5);
  expect_extends(old, complement(old, noise(30, 4, 6).zero_()));
  const auto one = noise(30, 1, 7);
  const auto repeated = at::cat({one, one, one, noise(30, 1, 8)}, 1);
  const auto added = complement(old, repeated);
  expect_extends(old, added);
  EXPECT_LT(outside(at::cat({old, added}, 1), repeated), 1e-12);
  expect_extends(old, complement(old, at::matmul(old, noise(5, 3, 9))));  // nothing new
}

TEST(Complement, NearlyDependentColumns) {
  const auto old = basis(50, 4, 10);
  const auto block = at::matmul(old, noise(4, 6, 11)) * 1e6 + noise(50, 6, 12) * 1e-6;
  const auto added = complement(old, block);
  expect_extends(old, added);
}

TEST(Complement, EndsAtTheWholeSpace) {
  const auto old = basis(7, 5, 13);
  const auto added = complement(old, noise(7, 5, 14));
  EXPECT_EQ(added.size(1), 2);
  expect_extends(old, added);
  EXPECT_EQ(complement(basis(5, 5, 15), noise(5, 2, 16)).size(1), 0);
  EXPECT_EQ(complement(basis(5, 2, 17), noise(5, 0, 18)).size(1), 0);
}

TEST(Complement, InSinglePrecision) {
  const auto old = basis(400, 32, 19).to(at::kFloat);
  const auto added = complement(old, noise(400, 32, 20).to(at::kFloat));
  expect_extends(old, added, 3e-6);
}

// Columns whose Gram matrix single precision cannot tell from a singular one.
TEST(Complement, OfSteepBlocksInSinglePrecision) {
  const auto old = basis(700, 20, 21);
  const auto steep = [](double ratio) {
    const auto values = at::logspace(0, std::log10(ratio), 16, 10, at::kDouble);
    return at::matmul(basis(700, 16, 22) * values, basis(16, 16, 23).t());
  };
  for (const double ratio : {1e-2, 1e-4, 1e-6, 1e-12}) {
    const auto block = steep(ratio) + at::matmul(old, noise(20, 16, 24));
    const auto added = complement(old.to(at::kFloat), block.to(at::kFloat));
    expect_extends(old.to(at::kFloat), added, 3e-6);
    const auto all = at::cat({old, added.to(at::kDouble)}, 1);
    EXPECT_LT(outside(all, block), 1e-5 * at::linalg_vector_norm(block).item<double>()) << ratio;
  }
}

// What the old basis lacks in orthonormality must not grow from step to step.
TEST(Complement, KeepsAsFarFromAWornBasisAsItIsWorn) {
  const auto old = basis(60, 8, 25) + 1e-9 * noise(60, 8, 26);
  const auto block = at::matmul(old, noise(8, 6, 27)) + 1e-3 * noise(60, 6, 28);
  const auto added = complement(old, block);
  EXPECT_LT(at::matmul(old.t(), added).abs().max().item<double>(), 1e-12);
}

TEST(OrthonormalColumns, SpanTheMatrix) {
  for (const auto& matrix : {noise(50, 7, 29), noise(7, 7, 30), noise(30, 1, 31)}) {
    const auto found = orthonormal_columns(matrix);
    expect_extends(matrix.new_empty({matrix.size(0), 0}), found);
    EXPECT_LT(outside(found, matrix), 1e-12 * testing::norm(matrix));
  }
  const auto dependent = at::matmul(noise(40, 3, 32), noise(3, 6, 33));
  const auto found = orthonormal_columns(dependent);
  expect_extends(dependent.new_empty({40, 0}), found);
  EXPECT_LT(outside(found, dependent), 1e-12 * testing::norm(dependent));
  EXPECT_THROW(orthonormal_columns(noise(3, 5, 34)), base::Error);
}

// Of many columns a part is measured at a time, of few all of them.
TEST(DistanceFromIdentity, FindsAnyColumnWithinAFewTurns) {
  for (const std::int64_t columns : {40, 64, 65, 200}) {
    auto basis = orthonormal_columns(noise(400, columns, 3));
    EXPECT_LT(distance_from_identity(basis, 0), 1e-13);
    for (const std::int64_t bad : {std::int64_t{0}, columns / 2, columns - 1}) {
      auto slanted = basis.clone();
      slanted.select(1, bad).mul_(1.001);
      double most = 0;
      for (int turn = 0; turn < 4; ++turn)
        most = std::max(most, distance_from_identity(slanted, turn));
      EXPECT_NEAR(most, distance_from_identity(slanted), 1e-12) << columns << " " << bad;
      EXPECT_GT(most, 1e-3);
    }
  }
}

}  // namespace
}  // namespace ranklens::optim
