#include "ranklens/tn/solve/linear.h"

#include <cmath>

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/tn/solve/hamiltonians.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::kFour;
using testing::relative;

TensorTrain random_side(const Shape& sizes, std::int64_t inner, at::ScalarType dtype) {
  base::Stream stream(4, "noise", "side");
  return random(stream, sizes, {.ranks = {inner}, .dtype = dtype});
}

/// A Laplacian of `sites` dimensions with `n` points each, plus a shift; Hermitian, positive.
TTMatrix laplacian(std::int64_t sites, std::int64_t n, at::ScalarType dtype) {
  auto local = at::zeros({n, n}, at::kDouble);
  local.diagonal().fill_(2);
  local.diagonal(1).fill_(-1);
  local.diagonal(-1).fill_(-1);
  return chain_operator(sites, local.to(dtype) + 0.1 * at::eye(n, local.options()).to(dtype), {});
}

/// Hermitian and positive, with complex entries where the dtype has them.
TTMatrix positive(const Shape& sizes, at::ScalarType dtype) {
  base::Stream stream(9, "noise", "matrix");
  const auto root = random(stream, sizes, sizes, {.ranks = {2}, .deviation = 0.2, .dtype = dtype});
  return matmul(root, adjoint(root)) + identity(sizes, root.cores[0].options());
}

at::Tensor dense_solution(const TTMatrix& a, const TensorTrain& b) {
  return at::linalg_solve(full(a), full(b).flatten()).reshape(shape(b));
}

TEST(Solve, AgreesWithTheDenseSolution) {
  for (const auto dtype : kFour) {
    const bool narrow = testing::is_narrow(dtype);
    const Shape sizes{3, 4, 2, 3};
    const auto a = positive(sizes, dtype);
    const auto b = random_side(sizes, 2, dtype);
    for (const std::int64_t dense_below : {0, 256}) {  // iterated, and factorised
      const auto found =
          solve(a, b, {.tolerance = narrow ? 1e-4 : 1e-9, .dense_below = dense_below});
      EXPECT_TRUE(found.converged);
      EXPECT_LT(relative(full(found.x), dense_solution(a, b)), narrow ? 1e-3 : 1e-8);
      const double residual = norm(matmul(a, found.x) - b) / norm(b);
      EXPECT_NEAR(residual, found.residual, narrow ? 1e-5 : 1e-12);
    }
  }
}

TEST(Solve, FindsRanksOfALaplacianOfManyDimensions) {
  const auto a = laplacian(8, 16, at::kDouble);
  const auto b = ones(Shape(8, 16));
  const auto found = solve(a, b, {.tolerance = 1e-6, .eps = 1e-8, .max_sweeps = 12});
  EXPECT_TRUE(found.converged);
  EXPECT_LT(norm(matmul(a, found.x) - b) / norm(b), 1e-6);
  for (const auto r : ranks(found.x)) EXPECT_LE(r, 24);
}

// With A = 1 the solution is b, and all that is left out of it are the cuts. Modes 4, 16, 16, 4
// hold three pairs of the same spectrum, each across one bond, so that the errors of the cuts add
// up as squares.
TEST(Solve, TheCutsOfASweepTogetherKeepEps) {
  const std::vector<double> spectrum{1, 0.1, 0.09, 0.03};
  TensorTrain b;
  const auto pair = [&](std::int64_t r) { return spectrum[static_cast<std::size_t>(r)]; };
  const Shape sizes{4, 16, 16, 4};
  for (std::size_t k = 0; k < 4; ++k) {
    const std::int64_t left = k == 0 ? 1 : 4, right = k == 3 ? 1 : 4;
    auto core = at::zeros({left, left, right, right}, at::kDouble);
    for (std::int64_t i = 0; i < left; ++i) {
      for (std::int64_t j = 0; j < right; ++j) core[i][i][j][j].fill_(k == 3 ? 1 : pair(j));
    }
    b.cores.push_back(core.reshape({left, left * right, right}));
  }
  ASSERT_EQ(shape(b), sizes);
  const auto found = solve(identity(sizes, at::kDouble), b, {.tolerance = 1e-3, .eps = 0.155});
  const double cut = std::sqrt(3.0) * 0.03 / std::sqrt(1 + 0.01 + 0.0081 + 0.0009);
  EXPECT_EQ(ranks(found.x), (Shape{3, 3, 3}));
  EXPECT_NEAR(found.residual, cut, 0.02 * cut);
  EXPECT_LT(norm(found.x - b), 0.155 * norm(b));
}

TEST(Solve, OneSiteNeverRises) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    const Shape sizes{4, 4, 4, 4};
    const auto found = solve(positive(sizes, dtype), random_side(sizes, 3, dtype),
                             {.sites = 1, .tolerance = 1e-14, .max_sweeps = 12, .start_rank = 3});
    ASSERT_GT(found.sweeps.size(), 3U);
    for (std::size_t i = 1; i < found.sweeps.size(); ++i) {
      EXPECT_LE(found.sweeps[i].value, found.sweeps[i - 1].value + 1e-12);
    }
    // Rank 3 is too little: that is said.
    EXPECT_FALSE(found.converged);
    EXPECT_GT(found.residual, 1e-6);
    EXPECT_EQ(ranks(found.x), (Shape{3, 3, 3}));
  }
}

TEST(Solve, GeneralSystemsByNormalEquations) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    const Shape sizes{3, 3, 3};
    base::Stream stream(5, "noise", "general");
    const auto a = random(stream, sizes, sizes, {.ranks = {2}, .deviation = 0.1, .dtype = dtype}) +
                   identity(sizes, at::TensorOptions(dtype));
    const auto b = random_side(sizes, 2, dtype);
    const auto found = solve(a, b, {.system = System::general});
    EXPECT_TRUE(found.converged);
    EXPECT_LT(relative(full(found.x), dense_solution(a, b)), 1e-6);
  }
}

TEST(Solve, ScalesDoNotMatter) {
  const Shape sizes{3, 4, 2, 3};
  auto a = positive(sizes, at::kDouble);
  auto b = random_side(sizes, 2, at::kDouble);
  const auto plain = solve(a, b, {}).x;
  a.log_scale = 800;
  b.log_scale = -700;
  const auto scaled = solve(a, b, {}).x;
  EXPECT_NEAR(log_norm(scaled), log_norm(plain) - 1500, 1e-6);
  // A start is taken as it is: from the solution, one sweep is enough.
  a.log_scale = 2;
  b.log_scale = 3;
  auto near = plain;
  near.log_scale += 1;
  const auto again = solve(a, b, {.sites = 1, .start = near});
  EXPECT_EQ(again.sweeps.size(), 1U);
  EXPECT_TRUE(again.converged);
}

TEST(Solve, OneSiteOneCoreAndZero) {
  const auto a = positive({5}, at::kDouble);
  const auto b = random_side({5}, 1, at::kDouble);
  EXPECT_LT(relative(full(solve(a, b).x), dense_solution(a, b)), 1e-10);
  const auto none = solve(positive({2, 3}, at::kDouble), zeros({2, 3}));
  EXPECT_TRUE(none.converged);
  EXPECT_EQ(norm(none.x), 0);
}

TEST(Solve, SaysWhatIsWrong) {
  const Shape sizes{3, 3, 3};
  const auto a = positive(sizes, at::kDouble);
  const auto b = random_side(sizes, 2, at::kDouble);
  expect_error([&] { solve((-1.0) * a, b); }, "not positive definite: System::general");
  expect_error([&] { solve((-1.0) * a, b, {.dense_below = 0}); }, "not positive definite");
  auto skew = a;
  skew.cores[1] = drawn(a.cores[1].sizes(), "skew");
  skew.centre = -1;
  expect_error([&] { solve(skew, b); }, "not Hermitian");
  expect_error([&] { solve(a, random_side({3, 3, 2}, 2, at::kDouble)); }, "shape 3x3x2");
  expect_error([&] { solve(a, random_side(sizes, 2, at::kFloat)); }, "one dtype");
  expect_error([&] { solve(a, b, {.sites = 3}); }, "1 or 2 sites at a time, not on 3");
  expect_error([&] { solve(a, b, {.tolerance = std::nan("")}); }, "it is nan");
  expect_error([&] { solve(a, b, {.eps = -1}); }, "eps must be a number >= 0");
  expect_error([&] { solve(a, b, {.max_rank = 0}); }, "at least 1");
  expect_error([&] { solve(a, b, {.max_sweeps = 0}); }, "at least one sweep");
  expect_error([&] { solve(a, b, {.start = random_side({3, 3}, 2, at::kDouble)}); },
               "the start has shape 3x3, the TT matrix columns 3x3x3");
  base::Stream stream(1, "noise", "m");
  const auto oblong = random(stream, {2, 2, 2}, {3, 3, 3}, {.ranks = {2}});
  expect_error([&] { solve(oblong, b); }, "square TT matrix; its row modes are 2x2x2");
  auto bad = a;
  bad.cores[0] = bad.cores[0] * std::nan("");
  expect_error([&] { solve(bad, b); }, "NaN or infinite");
}

}  // namespace
}  // namespace ranklens::tn
