#include "ranklens/tn/formats/cp_approximation.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/tn/formats/cp_algebra.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::relative;

at::Tensor of_terms(std::int64_t terms, const Shape& sizes, at::ScalarType dtype = at::kDouble) {
  CP cp{at::ones({terms}), {}};
  for (std::size_t k = 0; k < sizes.size(); ++k)
    cp.factors.push_back(drawn({sizes[k], terms}, "f" + std::to_string(k), dtype));
  return full(cp);
}

TEST(ApproximateCP, FindsTheNumberOfTerms) {
  for (const auto dtype : testing::kFour) {
    for (const std::int64_t terms : {1, 3, 5}) {
      const auto dense = of_terms(terms, {6, 7, 8}, dtype);
      const auto found = approximate_cp(dense, {.close = {.eps = 1e-3}});
      EXPECT_EQ(rank(found.value), terms);
      EXPECT_LE(found.error, 1e-3);
      EXPECT_NEAR(found.error, relative(full(found.value), dense), 1e-6);
    }
  }
}

// The state (|000> + |111>) / sqrt 2 has two terms; that of one excitation has three, but two come
// as close to it as one likes, by terms that cancel each other ever more.
TEST(ApproximateCP, StatesOfThreeTwoLevelSystems) {
  auto ghz = at::zeros({2, 2, 2}, at::kDouble);
  ghz[0][0][0].fill_(1);
  ghz[1][1][1].fill_(1);
  EXPECT_EQ(rank(approximate_cp(ghz, {.close = {.eps = 1e-6}}).value), 2);
  auto w = at::zeros({2, 2, 2}, at::kDouble);
  w[0][0][1].fill_(1);
  w[0][1][0].fill_(1);
  w[1][0][0].fill_(1);
  const auto few = approximate_cp(w, {.close = {.ranks = {2}}, .max_sweeps = 10});
  const auto many = approximate_cp(w, {.close = {.ranks = {2}}});
  EXPECT_LT(many.error, few.error);
  EXPECT_GT(many.value.weights[1].item<double>(), few.value.weights[1].item<double>());
  const auto three = approximate_cp(w, {.close = {.ranks = {3}}});
  EXPECT_LT(three.error, 1e-3);
}

TEST(ApproximateCP, ARankIsABoundAndWins) {
  const auto dense = of_terms(4, {5, 6, 7});
  const auto two = approximate_cp(dense, {.close = {.eps = 1e-4, .ranks = {2}}});
  EXPECT_EQ(rank(two.value), 2);
  EXPECT_GT(two.error, 1e-2);
  EXPECT_EQ(rank(approximate_cp(dense, {.close = {.eps = 1e-4, .ranks = {9}}}).value), 4);
}

TEST(ApproximateCP, ARankThatNothingNeedsIsRefused) {
  const auto matrix = of_terms(2, {3, 4});
  EXPECT_EQ(rank(approximate_cp(matrix, {.close = {.ranks = {3}}}).value), 3);
  expect_error([&] { approximate_cp(matrix, {.close = {.ranks = {4}}}); },
               "between 1 and 3, which always suffices for this shape; it is 4");
  expect_error([&] { approximate_cp(matrix, {.close = {.eps = 0.1, .ranks = {99}}}); }, "it is 99");
}

TEST(ApproximateCP, SaysWhetherItSettled) {
  const auto dense = drawn({5, 6, 7}, "noise");
  const auto few = approximate_cp(dense, {.close = {.ranks = {4}}, .max_sweeps = 3});
  EXPECT_FALSE(few.converged);
  EXPECT_EQ(few.sweeps, 3);
  const auto many = approximate_cp(dense, {.close = {.ranks = {4}}, .max_sweeps = 100000});
  EXPECT_TRUE(many.converged);
  EXPECT_GT(many.sweeps, 3);
  EXPECT_LT(many.error, few.error);
}

CP cp_of_terms(std::int64_t terms, const Shape& sizes, at::ScalarType dtype,
               const std::string& name) {
  CP cp{at::ones({terms}), {}};
  for (std::size_t k = 0; k < sizes.size(); ++k)
    cp.factors.push_back(drawn({sizes[k], terms}, name + std::to_string(k), dtype));
  return cp;
}

TEST(RoundCP, DropsTheTermsThatItDoesNotNeed) {
  for (const auto dtype : testing::kFour) {
    // Three terms, each written as two halves, and five that are small.
    const auto three = cp_of_terms(3, {6, 7, 8}, dtype, "t");
    const auto noise = 1e-4 * cp_of_terms(5, {6, 7, 8}, dtype, "n");
    const auto given = 0.5 * three + 0.5 * three + noise;
    EXPECT_EQ(rank(given), 11);
    const auto found = round(given, {.close = {.eps = 0.01}});
    EXPECT_EQ(rank(found.value), 3);
    EXPECT_LE(found.error, 0.01);
    EXPECT_NEAR(found.error, relative(full(found.value), full(given)), 1e-5);
    EXPECT_TRUE(found.converged);
    const auto two = round(given, {.close = {.ranks = {2}}});
    EXPECT_EQ(rank(two.value), 2);
    EXPECT_NEAR(two.error, relative(full(two.value), full(given)), 1e-5);
    // As good as from the dense tensor.
    const auto direct = approximate_cp(full(given), {.close = {.ranks = {2}}});
    EXPECT_LT(two.error, direct.error * 1.01 + 1e-5);
  }
}

TEST(RoundCP, WhatNeedsAllItsTermsKeepsThem) {
  const auto given = cp_of_terms(3, {4, 5, 6}, at::kDouble, "t");
  for (const Closeness& close : {Closeness{.eps = 1e-6}, Closeness{.ranks = {3}},
                                 Closeness{.ranks = {20}}, Closeness{.eps = 1e-3, .ranks = {5}}}) {
    const auto found = round(given, {.close = close});
    EXPECT_EQ(rank(found.value), 3);
    EXPECT_EQ(found.error, 0);
    EXPECT_LT(relative(full(found.value), full(given)), 1e-14);
  }
  // Nothing is written out: 200^8 numbers are no array.
  const auto large = cp_of_terms(2, Shape(8, 200), at::kDouble, "t");
  const auto found = round(large + large, {.close = {.eps = 1e-6}});
  EXPECT_EQ(rank(found.value), 2);
  EXPECT_LE(found.error, 1e-6);
}

TEST(RoundCP, SaysWhatCannotBe) {
  const auto given = cp_of_terms(3, {4, 5, 6}, at::kDouble, "t");
  expect_error([&] { round(given, {.close = {.eps = 0}}); }, "reach no eps of 0");
  expect_error([&] { round(given, {.close = {.ranks = {21}}}); }, "between 1 and 20");
  expect_error([&] { round(given, {.close = {.ranks = {1, 2}}}); }, "2 are given");
  auto broken = given;
  broken.factors[1] = broken.factors[1] * NAN;
  expect_error([&] { round(broken, {.close = {.ranks = {1}}}); }, "NaN or infinite");
}

TEST(ApproximateCP, TheSearchEndsWhereNoTensorNeedsMore) {
  EXPECT_EQ(most_terms({2, 2, 2}), 4);
  EXPECT_EQ(most_terms({5, 7}), 5);         // of a matrix, its rank
  EXPECT_EQ(most_terms({10, 10, 10}), 72);  // 2 ceil(1000 / 28)
  EXPECT_EQ(most_terms({2, 2, 100}), 4);
  EXPECT_EQ(most_terms({6}), 1);
}

TEST(ApproximateCP, RefusesWhatItCannotKeep) {
  const auto dense = drawn({4, 4, 4}, "noise");
  expect_error([&] { approximate_cp(dense, {.close = {.eps = 0}}); }, "reach no eps of 0");
  expect_error([&] { approximate_cp(dense, {.close = {.eps = 1e-9}}); }, "errors down to 1e-07");
  expect_error([&] { approximate_cp(dense, {.close = {.ranks = {2, 2, 2}}}); }, "3 are given");
  // One sweep a run is too few for noise.
  expect_error([&] { approximate_cp(dense, {.close = {.eps = 1e-6}, .max_sweeps = 1}); },
               "no sum of up to 14 rank-one tensors was found within 1e-06 of the array");
}

}  // namespace
}  // namespace ranklens::tn
