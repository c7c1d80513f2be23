#include "ranklens/tn/train/cross.h"

#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/sin.h>

#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/pivots.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class CrossTypes : public FourTypes {};

// A train of known ranks is found exactly, from a small part of its entries.
TEST_P(CrossTypes, FindsATrainOfLowRanks) {
  base::Stream stream(5, "init", "cross");
  const auto hidden = random(stream, Shape(8, 10), {.ranks = {3}, .dtype = GetParam()});
  const double eps = is_narrow(GetParam()) ? 1e-3 : 1e-8;
  const auto found =
      cross([&](const at::Tensor& i) { return elements(hidden, i); }, Shape(8, 10), {.eps = eps});
  EXPECT_TRUE(found.converged) << found.failure;
  EXPECT_LE(found.error, eps);
  EXPECT_LT(found.evaluations, 100000);
  const auto fresh = base::Stream(77, "noise").integers({500, 8}, 10);
  EXPECT_LT(relative(elements(found.train, fresh), elements(hidden, fresh)), 3 * eps);
  for (const auto rank : ranks(found.train)) EXPECT_LE(rank, is_narrow(GetParam()) ? 5 : 3);
  EXPECT_EQ(found.train.cores[0].scalar_type(), GetParam());
}

RANKLENS_FOUR_TYPES(CrossTypes);

// Oseledets, Tyrtyshnikov 2010, sec. 5: sine of a sum has ranks 2 in any dimension.
TEST(Cross, SineOfASumHasRanksTwo) {
  const auto f = [](const at::Tensor& i) { return at::sin(i.to(at::kDouble).sum(1) * 0.1); };
  const auto found = cross(f, Shape(12, 30), {.eps = 1e-9});
  ASSERT_TRUE(found.converged) << found.failure;
  EXPECT_EQ(ranks(found.train), Shape(11, 2));
  EXPECT_NEAR(element(found.train, Shape(12, 17)).item<double>(), std::sin(0.1 * 12 * 17), 1e-8);
}

TEST(Cross, ASmoothFunctionToThePrescribedError) {
  const auto f = [](const at::Tensor& i) {
    return 1 / (1 + (i.to(at::kDouble) / 19).square().sum(1));
  };
  for (const double eps : {1e-3, 1e-6}) {
    const auto found = cross(f, Shape(5, 20), {.eps = eps});
    ASSERT_TRUE(found.converged) << found.failure;
    const auto fresh = base::Stream(78, "noise").integers({2000, 5}, 20);
    EXPECT_LT(relative(elements(found.train, fresh), f(fresh)), 2 * eps);
    EXPECT_LT(found.evaluations, 400000);
  }
}

// No low rank, or more rank than is allowed: said, not hidden.
TEST(Cross, AFunctionThatCrossCannotFollowIsReportedAsFailed) {
  const auto hash = [](const at::Tensor& i) {
    return at::sin((i.to(at::kDouble) * at::tensor({12.9898, 78.233, 37.719, 4.581}, at::kDouble))
                       .sum(1)
                       .sin() *
                   43758.5453);
  };
  const auto noise_like = cross(hash, Shape(4, 25), {.eps = 1e-3, .max_rank = 20, .max_sweeps = 4});
  EXPECT_FALSE(noise_like.converged);
  EXPECT_GT(noise_like.error, 0.1);
  EXPECT_THAT(noise_like.failure, ::testing::HasSubstr("missed the relative error 0.001"));
  EXPECT_THAT(noise_like.failure, ::testing::HasSubstr("the most allowed"));
}

// Of a tensor that was sampled whole nothing is left to check at.
TEST(Cross, EntriesThatWereSampledAreNotAskedForAgainAsAProof) {
  const auto entries = [](const at::Tensor& i) { return i.to(at::kDouble).sum(1) + 1; };
  const auto few = cross(entries, {3, 4}, {.checks = 1}),
             many = cross(entries, {3, 4}, {.checks = 50});
  EXPECT_TRUE(many.converged);
  EXPECT_EQ(few.evaluations, many.evaluations);
}

// A single entry that no pivot sees: a check meets it, and it becomes a pivot.
TEST(Cross, LearnsFromTheEntriesThatItMissed) {
  const auto entries = [](const at::Tensor& i) {
    const auto hit = (i.select(1, 0) == 2) & (i.select(1, 1) == 3) & (i.select(1, 2) == 4);
    return 1 + 5 * hit.to(at::kDouble);
  };
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const auto found = cross(entries, {6, 6, 6}, {.eps = 1e-6, .checks = 2000, .seed = seed});
    EXPECT_TRUE(found.converged) << seed << ": " << found.failure;
    EXPECT_NEAR(element(found.train, {2, 3, 4}).item<double>(), 6, 1e-6) << seed;
  }
}

TEST(Cross, OneModeZerosAndConstants) {
  const auto line = [](const at::Tensor& i) { return i.select(1, 0).to(at::kDouble); };
  const auto one = cross(line, {7}, {});
  EXPECT_TRUE(one.converged);
  EXPECT_TRUE(at::equal(full(one.train), at::arange(7, at::kDouble)));
  const auto nothing = [](const at::Tensor& i) { return i.select(1, 0).to(at::kDouble) * 0; };
  const auto zero = cross(nothing, {4, 5, 6}, {});
  EXPECT_TRUE(zero.converged);
  EXPECT_EQ(norm_of(full(zero.train)), 0);
}

TEST(Pivots, StopAtTheTolerance) {
  const auto u = noise({9, 3}, at::kDouble, 1), v = noise({3, 8}, at::kDouble, 2);
  const auto found = find_pivots(at::mm(u, v), 1e-10, 100);
  EXPECT_EQ(found.rows.size(), 3U);
  EXPECT_LT(found.rest, 1e-12);
  EXPECT_EQ(find_pivots(at::zeros({3, 3}, at::kDouble), 0, 5).rows.size(), 0U);
  EXPECT_EQ(find_pivots(at::mm(u, v), 0, 2).rows.size(), 2U);
}

TEST(CrossErrors, AreOneSentence) {
  const auto f = [](const at::Tensor& i) { return i.select(1, 0).to(at::kDouble); };
  expect_error([&] { cross(f, {}); }, "at least one mode");
  expect_error([&] { cross(f, {3, 0}); }, "1 to 2^32, not 0");
  expect_error([&] { cross(f, {3, 3}, {.eps = 0}); }, "above 0");
  expect_error([&] { cross(f, {3, 3}, {.eps = NAN}); }, "above 0");
  expect_error([&] { cross(f, {3, 3}, {.max_rank = 0}); }, "at least 1");
  expect_error([&] { cross(f, {3, 3}, {.max_sweeps = 0}); }, "at least one sweep");
  expect_error([] { cross([](const at::Tensor& i) { return i.to(at::kDouble); }, {3, 3}); },
               "something else");
  expect_error([&] { cross([&](const at::Tensor& i) { return f(i) / 0.0; }, {3, 3}); },
               "NaN or infinite");
  expect_error([] { cross([](const at::Tensor& i) { return i.select(1, 0); }, {3, 3}); },
               "of type int64");
}

}  // namespace
}  // namespace ranklens::tn
