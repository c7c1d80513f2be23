#include "ranklens/tn/train/decompose.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_svdvals.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/make.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Decompose : public FourTypes {};

/// A tensor of exact ranks plus noise of this relative norm.
at::Tensor noisy(const Shape& shape, std::int64_t rank, double level, at::ScalarType dtype) {
  base::Stream stream(3, "init");
  const auto signal = full(random(stream, shape, {.ranks = {rank}, .dtype = dtype}));
  const auto added = noise(shape, dtype, 9);
  return signal + added * (level * norm_of(signal) / norm_of(added));
}

/// Error of the best matrix of this rank, of every unfolding.
std::vector<double> best_errors(const at::Tensor& a, const Shape& ranks) {
  std::vector<double> errors;
  std::int64_t rows = 1;
  for (std::int64_t k = 0; k + 1 < a.dim(); ++k) {
    rows *= a.size(k);
    const auto s = at::linalg_svdvals(a.to(widened(a.scalar_type())).reshape({rows, -1}));
    errors.push_back(norm_of(s.narrow(0, ranks[k], s.size(0) - ranks[k])));
  }
  return errors;
}

double joint_norm(const std::vector<Cut>& cuts) {
  double squared = 0;
  for (const auto& cut : cuts) squared += cut.discarded * cut.discarded;
  return std::sqrt(squared);
}

/// Cores before the centre are left-orthogonal, those after it right-orthogonal.
void expect_gauge(const TensorTrain& train) {
  ASSERT_GE(train.centre, 0);
  for (std::int64_t k = 0; k < static_cast<std::int64_t>(train.cores.size()); ++k) {
    if (k == train.centre) continue;
    const auto& core = train.cores[k];
    const auto columns =
        k < train.centre ? core.reshape({-1, core.size(2)}) : core.reshape({core.size(0), -1}).mH();
    const auto square = at::mm(columns.mH(), columns);
    EXPECT_LT(norm_of(square - at::eye(square.size(0), square.options())),
              rounding_of(core.scalar_type()))
        << "core " << k;
  }
}

// T1: the error is exactly what the cuts left out, between the bounds of the unfoldings.
TEST_P(Decompose, TheErrorIsWhatTheCutsLeftOut) {
  for (const auto factoriser : {Factoriser::automatic, Factoriser::svd, Factoriser::gram}) {
    for (const auto& shape : {Shape{4, 5, 6, 3}, {9, 2, 3, 4}, {2, 3, 2, 20}}) {
      const auto a = noise(shape, GetParam());
      const Shape bounds{2, 3, 2};
      const auto found = decompose(a, {.ranks = bounds, .factoriser = factoriser});
      const double error = norm_of(full(found.train) - a);
      EXPECT_NEAR(joint_norm(found.cuts), error, 1e-4 * error);
      EXPECT_NEAR(found.error * norm_of(a), error, 1e-4 * error);
      const auto best = best_errors(a, bounds);
      double squared = 0;
      for (const double e : best) {
        squared += e * e;
        EXPECT_GE(error, e * (1 - 1e-4));
      }
      EXPECT_LE(error, std::sqrt(squared) * (1 + 1e-4));
      EXPECT_EQ(ranks(found.train), bounds);
      EXPECT_EQ(tn::shape(found.train), shape);
      expect_gauge(found.train);
    }
  }
}

// T2, and the peers' fault of ignoring eps: it is kept, and ranks fall as it grows.
TEST_P(Decompose, EpsIsKeptAndRanksFallAsItGrows) {
  const auto a = noisy({5, 6, 7, 6}, 3, 1e-2, GetParam()) + noise({5, 6, 7, 6}, GetParam(), 4);
  Shape before(3, 1000);
  for (const double eps : {0.0, 1e-3, 0.03, 0.1, 0.3, 0.7}) {
    const auto found = decompose(a, {.eps = eps});
    const double error = relative(full(found.train), a);
    EXPECT_LE(error, std::max(eps, rounding_of(GetParam())));
    EXPECT_NEAR(found.error, error, 1e-3 * eps + rounding_of(GetParam()));
    const auto now = ranks(found.train);
    for (std::size_t k = 0; k < now.size(); ++k) EXPECT_LE(now[k], before[k]);
    before = now;
  }
  EXPECT_LT(before[1], 10);
}

TEST_P(Decompose, ExactRanksAreFoundAndTheTensorComesBack) {
  const auto a = noisy({6, 5, 4, 5, 6}, 3, 0, GetParam());
  const auto found = decompose(a, {.eps = 10 * machine_epsilon(GetParam())});
  EXPECT_EQ(ranks(found.train), (Shape{3, 3, 3, 3}));
  EXPECT_LT(relative(full(found.train), a), rounding_of(GetParam()));
}

TEST_P(Decompose, EpsBelowTheFloorOfGramMatricesIsReached) {
  if (is_narrow(GetParam())) GTEST_SKIP() << "float32 has no such digits";
  const auto a = noisy({12, 10, 9, 11}, 3, 1e-9, GetParam());
  const auto found = decompose(a, {.eps = 3e-9});
  EXPECT_LE(relative(full(found.train), a), 3e-9);
  EXPECT_EQ(ranks(found.train), (Shape{3, 3, 3}));
  const auto close = decompose(a, {.eps = 1e-10});
  EXPECT_LE(relative(full(close.train), a), 1e-10);
}

// What the array written back differs by, not the 1e-8 that Gram matrices leave open.
TEST_P(Decompose, SmallErrorsAreMeasured) {
  base::Stream stream(9, "init");
  const auto a = full(random(stream, {6, 7, 8, 5}, {.ranks = {3}, .dtype = GetParam()}));
  for (const auto& closeness : {Closeness{.eps = 1e-2}, Closeness{.ranks = {3}}, Closeness{}}) {
    for (const double size : {1.0, is_narrow(GetParam()) ? 1e10 : 1e200}) {
      const auto found = decompose(a * size, closeness);
      const double error = relative(full(found.train) / size, a);
      EXPECT_LT(found.error, rounding_of(GetParam()));
      // A scale of 1e200 is stored as its logarithm, to 1e-13.
      const double rounding = size == 1 ? 0.1 * error + 1e-16 : 1e-12;
      EXPECT_NEAR(found.error, error, is_narrow(GetParam()) ? 1e-6 : rounding);
    }
  }
}

// The peers' fault: an error that grows with the rank, in complex numbers.
// Whichever end the sweep starts from, cuts are listed by their bonds.
TEST_P(Decompose, CutsAreThoseOfTheirBonds) {
  for (const auto& sizes : {Shape{3, 4, 5, 20}, Shape{20, 5, 4, 3}}) {
    const auto found = decompose(noise(sizes, GetParam()), {.ranks = {2, 5, 3}});
    ASSERT_EQ(found.cuts.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(found.cuts[k].bond, static_cast<std::int64_t>(k));
      EXPECT_EQ(found.cuts[k].rank, ranks(found.train)[k]);
    }
  }
}

TEST_P(Decompose, TheErrorDoesNotGrowWithTheRank) {
  const auto a = noise({4, 4, 4, 4}, GetParam());
  double before = 1;
  for (std::int64_t rank = 1; rank <= 16; ++rank) {
    const auto found = decompose(a, {.ranks = {rank}});
    const double error = relative(full(found.train), a);
    EXPECT_LE(error, before + 1e-6);
    before = error;
  }
  EXPECT_LT(before, rounding_of(GetParam()));
}

// Twenty modes of two: treated in a group, by way of a Gram matrix.
TEST_P(Decompose, ManySmallModes) {
  base::Stream stream(6, "init");
  for (const std::int64_t d : {8, 14}) {
    const Shape shape(d, 2);
    const auto signal = full(random(stream, shape, {.ranks = {5}, .dtype = GetParam()}));
    const auto a = signal + noise(shape, GetParam(), 2) *
                                (1e-3 * norm_of(signal) / std::exp2(0.5 * static_cast<double>(d)));
    for (const auto& closeness : {Closeness{.ranks = {5}}, Closeness{.eps = 2e-3}}) {
      const auto found = decompose(a, closeness);
      const double error = norm_of(full(found.train) - a);
      EXPECT_LT(error, 1.5e-3 * norm_of(a));
      EXPECT_NEAR(joint_norm(found.cuts), error, 1e-3 * error);
      EXPECT_EQ(ranks(found.train)[d / 2], 5);
      EXPECT_EQ(found.cuts.size(), shape.size() - 1);
      expect_gauge(found.train);
    }
    const auto exact = decompose(signal, {.eps = 0});
    EXPECT_LT(relative(full(exact.train), signal), rounding_of(GetParam()));
  }
}

TEST_P(Decompose, AMatrixWithRowsAndColumns) {
  const auto w = noise({2 * 3 * 5, 7 * 2 * 3}, GetParam());
  const auto exact = decompose(w, {2, 3, 5}, {7, 2, 3});
  EXPECT_LT(relative(full(exact.matrix), w), rounding_of(GetParam()));
  const auto rough = decompose(w, {2, 3, 5}, {7, 2, 3}, {.ranks = {6}});
  EXPECT_NEAR(relative(full(rough.matrix), w), rough.error, 1e-4);
  EXPECT_EQ(ranks(rough.matrix), (Shape{6, 6}));
}

TEST_P(Decompose, ViewsThatAreNotContiguous) {
  const auto a = noise({4, 6, 8}, GetParam());
  const auto view = a.permute({2, 0, 1}).slice(0, 0, 8, 2);
  EXPECT_LT(relative(full(decompose(view).train), view), rounding_of(GetParam()));
}

TEST_P(Decompose, OneModeAndZeros) {
  const auto a = noise({7}, GetParam());
  EXPECT_TRUE(at::equal(full(decompose(a).train), a));
  const auto zero = at::zeros({3, 4, 5}, GetParam());
  const auto found = decompose(zero, {.eps = 0.1});
  EXPECT_EQ(norm_of(full(found.train)), 0);
  EXPECT_EQ(ranks(found.train), (Shape{1, 1}));
  EXPECT_EQ(found.error, 0);
}

RANKLENS_FOUR_TYPES(Decompose);

// T17: with the factoriser randomised, near the deterministic error.
TEST(DecomposeRandomised, ComesCloseToTheDeterministicError) {
  const auto a = noisy({16, 20, 20, 16}, 6, 0.05, at::kDouble);
  const auto sure = decompose(a, {.ranks = {6}, .factoriser = Factoriser::svd});
  const auto sketched = decompose(a, {.ranks = {6}, .factoriser = Factoriser::randomised});
  EXPECT_LE(relative(full(sketched.train), a), 1.01 * sure.error);
  EXPECT_NEAR(relative(full(sketched.train), a), sketched.error, 1e-6);
}

TEST(DecomposeExtremes, EntriesWhoseSquaresLeaveTheRange) {
  for (const double size : {1e200, 1e-200}) {
    const auto a = noise({3, 4, 5}, at::kDouble);
    const auto found = decompose(a * size, {.eps = 1e-12});
    EXPECT_LT(relative(full(found.train) / size, a), 1e-12);
  }
}

TEST(DecomposeErrors, AreOneSentence) {
  const auto a = at::ones({2, 3, 4}, at::kDouble);
  expect_error([] { decompose(at::ones({})); }, "without modes");
  expect_error([] { decompose(at::ones({2, 0, 3})); }, "has no entries");
  expect_error([] { decompose(at::ones({2, 3}, at::kLong)); }, "of type int64");
  expect_error([&] { decompose(a * NAN); }, "NaN or infinite");
  expect_error([&] { decompose(a / 0.0); }, "NaN or infinite");
  expect_error([&] { decompose(a, {.eps = -1e-3}); }, "eps must be");
  expect_error([&] { decompose(a, {.eps = NAN}); }, "eps must be");
  expect_error([&] { decompose(a, {.ranks = {0}}); }, "at least 1, not 0");
  expect_error([&] { decompose(a, {.ranks = {1, 2, 3}}); }, "2 bonds, but 3 ranks");
  const auto w = at::ones({6, 4});
  expect_error([&] { decompose(w, {2, 3}, {4}); }, "as many of each");
  expect_error([&] { decompose(w, {2, 2}, {2, 2}); }, "do not give a matrix of shape 6x4");
  expect_error([&] { decompose(w, {}, {}); }, "as many of each");
  expect_error([&] { decompose(w, {-2, -3}, {2, 2}); }, "at least 1");
}

}  // namespace
}  // namespace ranklens::tn
