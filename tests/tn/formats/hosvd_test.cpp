#include "ranklens/tn/formats/hosvd.h"

#include <cmath>
#include <limits>

#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/tn/formats/hooi.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/formats/tucker_train.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/tensor_train.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::kFour;
using testing::loosened;
using testing::relative;

/// Of exact multilinear ranks, plus noise of the relative size given.
at::Tensor low_rank(at::IntArrayRef sizes, at::IntArrayRef ranks, at::ScalarType dtype,
                    double noise = 0) {
  Tucker tucker{drawn(ranks, "core", dtype), {}};
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    tucker.factors.push_back(drawn({sizes[k], ranks[k]}, "factor" + std::to_string(k), dtype));
  }
  const auto exact = full(tucker);
  const auto rough = drawn(sizes, "rough", dtype);
  return exact + rough * (noise * frobenius(exact) / frobenius(rough));
}

void expect_orthonormal(const std::vector<at::Tensor>& factors, double bound) {
  for (const auto& u : factors) {
    EXPECT_LT(frobenius(at::mm(u.mH(), u) - at::eye(u.size(1), u.options())), bound);
  }
}

/// The squared error of the best approximation whose unfolding in one mode has this rank.
double best_in_mode(const at::Tensor& dense, std::int64_t mode, std::int64_t rank) {
  const auto s = std::get<1>(at::linalg_svd(unfolding(dense, mode), false)).to(at::kDouble);
  return s.narrow(0, rank, s.size(0) - rank).square().sum().item<double>();
}

TEST(HOSVD, ExactRanksAreFound) {
  for (const auto dtype : kFour) {
    const auto dense = low_rank({9, 8, 7}, {3, 2, 4}, dtype);
    const double precision = loosened(1e-13, dtype);
    const auto by_eps = st_hosvd(dense, {.bounds = {.eps = loosened(1e-12, dtype)}});
    EXPECT_EQ(ranks(by_eps.value), (std::vector<std::int64_t>{3, 2, 4}));
    EXPECT_LT(relative(full(by_eps.value), dense), precision * 10);
    const auto by_ranks = st_hosvd(dense, {.bounds = {.ranks = {3, 2, 4}}});
    EXPECT_LT(relative(full(by_ranks.value), dense), precision * 10);
    expect_orthonormal(by_ranks.value.factors, precision * 10);
  }
}

TEST(HOSVD, EpsIsKeptAndRanksFallAsItGrows) {
  for (const auto dtype : kFour) {
    const auto dense = low_rank({10, 9, 8, 3}, {4, 4, 4, 2}, dtype, 0.05);
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    for (const double eps : {1e-4, 0.03, 0.1, 0.3, 0.7}) {
      const auto found = st_hosvd(dense, {.bounds = {.eps = eps}});
      const double error = relative(full(found.value), dense);
      EXPECT_LE(error, eps);
      EXPECT_NEAR(error, found.relative_error, 1e-6 + 1e-4 * error);
      EXPECT_LE(parameters(found.value), before);
      before = parameters(found.value);
    }
    EXPECT_LT(before, dense.numel() / 8);
  }
}

// The error of any approximation of these ranks is at least that of the worst mode; that of this
// decomposition at most the root of the sum over all.
TEST(HOSVD, TheErrorLiesWithinItsBounds) {
  const auto dense = drawn({7, 6, 5}, "dense", at::kComplexDouble);
  const std::vector<std::int64_t> chosen{3, 4, 2};
  double sum = 0, largest = 0;
  for (std::int64_t mode = 0; mode < 3; ++mode) {
    const double best = best_in_mode(dense, mode, chosen[mode]);
    sum += best;
    largest = std::max(largest, best);
  }
  for (const auto& order :
       std::vector<std::vector<std::int64_t>>{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}}) {
    const auto found = st_hosvd(dense, {.bounds = {.ranks = chosen}, .order = order});
    EXPECT_EQ(ranks(found.value), chosen);
    EXPECT_NEAR(frobenius(full(found.value) - dense), found.error, 1e-12);
    EXPECT_LE(found.error, std::sqrt(sum));
    EXPECT_GE(found.error, std::sqrt(largest));
    // The first mode is cut in the whole tensor: its discarded values are those of the unfolding.
    const auto& cut = found.discarded_values[order[0]];
    EXPECT_NEAR(cut.square().sum().item<double>(), best_in_mode(dense, order[0], chosen[order[0]]),
                1e-10);
  }
}

TEST(HOSVD, SmallErrorsAreResolved) {
  const auto dense = low_rank({30, 28, 26}, {3, 3, 3}, at::kDouble, 1e-10);
  const auto found = st_hosvd(dense, {.bounds = {.eps = 1e-9}});
  EXPECT_EQ(ranks(found.value), (std::vector<std::int64_t>{3, 3, 3}));
  EXPECT_LE(relative(full(found.value), dense), 1e-10);
}

TEST(HOSVD, TheOrderIsTheCheapest) {
  // Brute force over all orders, counting what the sort assumes.
  const std::vector<std::int64_t> sizes{40, 10, 30, 25}, chosen{4, 5, 20, 2};
  const auto cost = [&](const std::vector<std::int64_t>& order) {
    double entries = 40.0 * 10 * 30 * 25, sum = 0;
    for (const auto k : order) {
      const double copy = k == 0 || k == 3 ? 0 : 8;
      sum += entries * (static_cast<double>(sizes[k] + chosen[k]) + copy);
      entries *= static_cast<double>(chosen[k]) / static_cast<double>(sizes[k]);
    }
    return sum;
  };
  std::vector<std::int64_t> order{0, 1, 2, 3};
  double least = cost(order);
  while (std::next_permutation(order.begin(), order.end())) least = std::min(least, cost(order));
  EXPECT_DOUBLE_EQ(cost(cheapest_order(sizes, chosen)), least);
}

TEST(HOSVD, SaysWhatIsWrong) {
  const auto dense = drawn({3, 4}, "dense");
  expect_error([&] { st_hosvd(dense, {.bounds = {.eps = -1}}); },
               "eps must be a number >= 0; it is -1");
  expect_error([&] { st_hosvd(dense, {.bounds = {.eps = std::nan("")}}); }, "it is nan");
  expect_error([&] { st_hosvd(dense, {.bounds = {.ranks = {2}}}); },
               "1 ranks are given for 2 modes");
  expect_error([&] { st_hosvd(dense, {.bounds = {.ranks = {2, 5}}}); }, "between 1 and its size 4");
  expect_error([&] { st_hosvd(dense, {.bounds = {.ranks = {0, 2}}}); }, "it is 0");
  expect_error([&] { st_hosvd(dense, {.order = {0, 0}}); }, "no permutation of 0 to 1");
  expect_error([] { st_hosvd(at::zeros({2, 0})); }, "has no entries");
  expect_error([] { st_hosvd(at::full({2, 2}, std::nan(""))); }, "NaN or infinite");
  expect_error([] { hooi(drawn({3, 4}, "dense"), {}); }, "a rank for each mode");
}

TEST(HOSVD, ZeroAndAVectorAreTensorsToo) {
  EXPECT_EQ(frobenius(full(st_hosvd(at::zeros({3, 4, 2})).value)), 0);
  const auto vector = drawn({5}, "vector");
  EXPECT_LT(relative(full(st_hosvd(vector, {.bounds = {.ranks = {1}}}).value), vector), 1e-14);
}

TEST(HOOI, IsAtLeastAsGoodAsItsStartAndStationary) {
  for (const auto dtype : kFour) {
    for (const auto& sizes :
         std::vector<std::vector<std::int64_t>>{{8, 7}, {8, 7, 6}, {5, 6, 4, 5}}) {
      const auto dense = drawn(sizes, "dense", dtype);
      const std::vector<std::int64_t> chosen(sizes.size(), 3);
      const auto found = hooi(dense, {.ranks = chosen,
                                      .max_sweeps = 300,
                                      .tolerance = testing::is_narrow(dtype) ? 1e-6 : 1e-9});
      EXPECT_TRUE(found.converged);
      const double slack = loosened(1e-12, dtype);
      for (std::size_t i = 1; i < found.fits.size(); ++i) {
        EXPECT_GE(found.fits[i], found.fits[i - 1] - slack);
      }
      EXPECT_EQ(ranks(found.value), chosen);
      EXPECT_NEAR(relative(full(found.value), dense), found.relative_error, 1e-5);
      EXPECT_NEAR(1 - found.fits.back(), found.relative_error, 1e-12);
      expect_orthonormal(found.value.factors, loosened(1e-12, dtype));
    }
  }
}

// For a matrix the best is known: the truncated singular value decomposition.
TEST(HOOI, OfAMatrixIsItsSingularValueDecomposition) {
  const auto dense = drawn({9, 7}, "dense");
  const auto found = hooi(dense, {.ranks = {3, 3}});
  EXPECT_NEAR(found.error * found.error, best_in_mode(dense, 0, 3), 1e-10);
}

TEST(HOOI, RunsTheSweepsAskedFor) {
  const auto found =
      hooi(drawn({8, 7, 6}, "dense"), {.ranks = {2, 3, 2}, .max_sweeps = 4, .tolerance = 0});
  EXPECT_EQ(found.fits.size(), 5U);
  EXPECT_FALSE(found.converged);
}

TEST(TuckerTrain, KeepsEpsInBothSteps) {
  for (const auto dtype : kFour) {
    const auto dense = low_rank({9, 8, 7, 6}, {3, 3, 3, 3}, dtype, 0.02);
    for (const double eps : {0.01, 0.1, 0.5}) {
      const auto found = tucker_train(dense, {.eps = eps});
      EXPECT_LE(relative(full(found.value), dense), eps);
      EXPECT_NEAR(found.relative_error, relative(full(found.value), dense), 1e-5);
    }
    const auto exact = low_rank({9, 8, 7, 6}, {3, 2, 3, 2}, dtype);
    const auto found = tucker_train(exact, {.ranks = {3, 2, 3, 2}, .train_ranks = {3, 6, 2}});
    EXPECT_LT(relative(full(found.value), exact), loosened(1e-12, dtype));
    EXPECT_EQ(shape(found.value), (Shape{9, 8, 7, 6}));
    EXPECT_EQ(parameters(found.value), 9 * 3 + 8 * 2 + 7 * 3 + 6 * 2 + 9 + 36 + 36 + 4);
  }
}

// Of what is a train with factors exactly, in one type and in several.
TEST(TuckerTrain, HasTheNormAndTheEntriesOfItsTensor) {
  for (const auto dtype : kFour) {
    auto a = tucker_train(low_rank({5, 4, 6}, {2, 3, 2}, dtype), {.eps = 1e-5}).value;
    const auto b = tucker_train(drawn({5, 4, 6}, "b", dtype), {.ranks = {2}}).value;
    a.core.log_scale += 0.7;
    const auto x = full(a), y = full(b);
    const double rounding = loosened(1e-12, dtype);
    EXPECT_NEAR(norm(a), frobenius(x), rounding * frobenius(x));
    EXPECT_NEAR(log_norm(a), std::log(frobenius(x)), rounding);
    EXPECT_LT((dot(a, b) - (x.conj() * y).sum()).abs().item<double>(),
              rounding * frobenius(x) * frobenius(y));
    EXPECT_LT((element(a, {4, 0, 3}) - x[4][0][3]).abs().item<double>(), rounding * frobenius(x));
    EXPECT_EQ(elements(a, at::zeros({2, 3}, at::kLong)).size(0), 2);
    const auto wide = to(a, at::TensorOptions(at::kComplexDouble));
    EXPECT_EQ(full(wide).scalar_type(), at::kComplexDouble);
    EXPECT_LT(relative(full(wide), x.to(at::kComplexDouble)), rounding);
  }
}

TEST(TuckerTrain, RoundsModesAndBonds) {
  for (const auto dtype : kFour) {
    const auto dense = low_rank({9, 8, 7, 6}, {3, 3, 3, 3}, dtype, 0.02);
    // Everything, on factors that are far from orthonormal.
    auto whole = tucker_train(dense, {}).value;
    for (auto& factor : whole.factors) factor = factor * 3;
    whole.core.log_scale -= 4 * std::log(3.0);
    for (const double eps : {0.01, 0.1, 0.5}) {
      const auto found = round(whole, {.eps = eps});
      const double error = relative(full(found.value), dense);
      EXPECT_LE(error, eps);
      EXPECT_NEAR(found.error, error, 1e-5);
      EXPECT_EQ(found.discarded_of_modes.size(), 4U);
      EXPECT_EQ(found.discarded_of_bonds.size(), 3U);
      for (const auto& factor : found.value.factors) {
        const auto gram = at::mm(factor.mH(), factor);
        EXPECT_LT(relative(gram, at::eye(gram.size(0), gram.options())), 1e-4);
      }
    }
    const auto bounded = round(whole, {.ranks = {3}, .train_ranks = {3, 5, 3}});
    EXPECT_EQ(mode_ranks(bounded.value), (Shape{3, 3, 3, 3}));
    EXPECT_EQ(ranks(bounded.value), (Shape{3, 5, 3}));
    EXPECT_NEAR(bounded.error, relative(full(bounded.value), dense), 1e-5);
  }
}

TEST(TuckerTrain, RanksThatNothingHasAreRefused) {
  const auto dense = drawn({3, 4, 5}, "dense");
  expect_error([&] { tucker_train(dense, {.ranks = {6}}); }, "rank 6 is above 5");
  expect_error([&] { tucker_train(dense, {.ranks = {3, 5, 5}}); }, "rank 5 of mode 1 is above 4");
  expect_error([&] { tucker_train(dense, {.train_ranks = {4, 5}}); },
               "rank 4 of bond 0 is above 3");
  expect_error([&] { tucker_train(dense, {.ranks = {2, 2}}); }, "2 ranks are given for 3 modes");
  // A core of fewer modes' entries has lower bonds: a bound that the tensor can have is no fault.
  const auto found = tucker_train(dense, {.ranks = {1}, .train_ranks = {3, 5}});
  EXPECT_EQ(ranks(found.value), (Shape{1, 1}));
  expect_error([&] { round(found.value, {.train_ranks = {6}}); }, "rank 6 is above 5");
  EXPECT_EQ(ranks(round(found.value, {.train_ranks = {5}}).value), (Shape{1, 1}));
}

TEST(TuckerTrain, SaysWhatIsWrong) {
  auto hybrid = tucker_train(drawn({3, 4}, "dense"), {}).value;
  hybrid.factors.pop_back();
  expect_error([&] { full(hybrid); }, "1 factors for a core of 2 modes");
  expect_error([] { tucker_train(drawn({3, 4}, "dense"), {.eps = -1}); }, "eps must be");
}

}  // namespace
}  // namespace ranklens::tn
