#include "ranklens/tn/formats/cp_approximation.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

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
  EXPECT_EQ(rank(approximate_cp(of_terms(2, {3, 4}), {.close = {.ranks = {99}}}).value), 3);
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
