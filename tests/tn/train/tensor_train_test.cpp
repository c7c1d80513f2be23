#include "ranklens/tn/train/tensor_train.h"

#include <ATen/ops/einsum.h>
#include <ATen/ops/empty.h>

#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using namespace ranklens::testing;

class Train : public FourTypes {
 protected:
  TensorTrain made(const Shape& shape, const Shape& ranks, std::uint64_t seed = 1) const {
    base::Stream stream(seed, "init", "train");
    return random(stream, shape, {.ranks = ranks, .dtype = GetParam()});
  }
};

TEST_P(Train, FullAndElementsAreTheSumOverTheRanks) {
  auto train = made({3, 4, 5}, {2, 3});
  train.log_scale = std::log(3.0);
  const auto expected =
      3 * at::einsum("aib,bjc,ckd->ijk", {train.cores[0], train.cores[1], train.cores[2]});
  const auto dense = full(train);
  EXPECT_LT(relative(dense, expected), rounding_of(GetParam()));
  EXPECT_LT(norm_of(element(train, {2, 0, 4}) - expected[2][0][4]), rounding_of(GetParam()) * 10);
  const auto indices = at::tensor({0, 0, 0, 2, 3, 4, 1, 2, 3}, at::kLong).reshape({3, 3});
  const auto values = elements(train, indices);
  EXPECT_LT(norm_of(values[2] - expected[1][2][3]), rounding_of(GetParam()) * 10);
  EXPECT_EQ(ranks(train), (Shape{2, 3}));
  EXPECT_EQ(parameters(train), 6 + 24 + 15);
}

// Distinct primes: any mistake in the order of indices changes the shape or the values.
TEST_P(Train, AMatrixHasRowsThenColumnsFirstModeSlowest) {
  base::Stream stream(4, "init");
  const auto w =
      random(stream, Shape{2, 3, 5}, Shape{7, 11, 13}, {.ranks = {2, 3}, .dtype = GetParam()});
  const auto expected = at::einsum("aijb,bklc,cmnd->ikmjln", {w.cores[0], w.cores[1], w.cores[2]})
                            .reshape({30, 1001});
  EXPECT_LT(relative(full(w), expected), rounding_of(GetParam()));
  EXPECT_EQ(row_modes(w), (Shape{2, 3, 5}));
  EXPECT_EQ(column_modes(w), (Shape{7, 11, 13}));
}

TEST_P(Train, FusingCopiesNothing) {
  base::Stream stream(4, "init");
  const auto w = random(stream, Shape{2, 3}, Shape{5, 2}, {.ranks = {3}, .dtype = GetParam()});
  const auto train = fused(w);
  EXPECT_EQ(shape(train), (Shape{10, 6}));
  EXPECT_EQ(train.cores[1].const_data_ptr(), w.cores[1].const_data_ptr());
  const auto back = split(train, {2, 3}, {5, 2});
  EXPECT_EQ(back.cores[0].const_data_ptr(), w.cores[0].const_data_ptr());
  EXPECT_EQ(back.cores[0].sizes(), w.cores[0].sizes());
}

TEST_P(Train, ConvertsBetweenDtypes) {
  auto train = made({3, 4}, {2});
  train.centre = 1;
  const bool is_complex = c10::isComplexType(GetParam());
  const auto other = to(train, is_complex ? at::kComplexDouble : at::kDouble);
  EXPECT_LT(relative(full(other), full(train).to(other.cores[0].scalar_type())), 1e-6);
  EXPECT_EQ(other.centre, is_narrow(GetParam()) ? -1 : 1);
  if (is_complex) expect_error([&] { to(train, at::kDouble); }, "cannot become real");
  expect_error([&] { to(train, is_complex ? at::kComplexHalf : at::kHalf); }, "cannot be of type");
}

// T16, and the peers' fault: ranks and number of cores both count.
TEST_P(Train, EntriesHaveTheDeviationAskedFor) {
  for (const std::int64_t d : {2, 3, 4, 6}) {
    for (const std::int64_t rank : {1, 4, 16}) {
      base::Stream stream(17, "init", "variance", static_cast<std::uint64_t>(10 * d + rank));
      double squares = 0;
      const int draws = 600;
      for (int i = 0; i < draws; ++i) {
        const auto train =
            random(stream, Shape(d, 8),
                   {.ranks = {rank}, .deviation = 2.5, .dtype = GetParam(), .cap_ranks = false});
        squares += std::pow(norm(train), 2) / std::pow(8.0, d);
      }
      // Heavy tails: the variance of so many draws is known to some percent.
      EXPECT_NEAR(std::sqrt(squares / draws), 2.5, 0.25) << d << " cores of rank " << rank;
    }
  }
}

TEST_P(Train, KnownTrains) {
  const auto dtype = GetParam();
  EXPECT_EQ(norm_of(full(zeros({2, 3, 4}, dtype))), 0);
  EXPECT_TRUE(at::equal(full(ones({2, 3, 4}, dtype)), at::ones({2, 3, 4}, dtype)));
  const auto spike = full(delta({2, 3, 4}, {1, 0, 3}, dtype));
  EXPECT_EQ(norm_of(spike), 1);
  EXPECT_EQ(norm_of(spike[1][0][3]), 1);
  EXPECT_TRUE(at::equal(full(identity({2, 3}, dtype)), at::eye(6, dtype)));
  const auto a = noise({3}, dtype, 1), b = noise({4}, dtype, 2), c = noise({2}, dtype, 3);
  EXPECT_LT(relative(full(rank_one({a, b, c})), at::einsum("i,j,k->ijk", {a, b, c})),
            rounding_of(dtype));
}

TEST_P(Train, FromCpAndTucker) {
  const auto dtype = GetParam();
  const auto weights = noise({4}, dtype, 1);
  const auto a = noise({3, 4}, dtype, 2), b = noise({5, 4}, dtype, 3), c = noise({2, 4}, dtype, 4);
  const auto train = from_cp(weights, {a, b, c});
  EXPECT_LT(relative(full(train), at::einsum("r,ir,jr,kr->ijk", {weights, a, b, c})),
            rounding_of(dtype));
  EXPECT_LT(relative(full(from_cp(weights, {a})), at::einsum("r,ir->i", {weights, a})),
            rounding_of(dtype));
  const auto core = made({4, 4, 4}, {3, 2});
  EXPECT_LT(relative(full(from_tucker(core, {a, b, c})),
                     at::einsum("xyz,ix,jy,kz->ijk", {full(core), a, b, c})),
            rounding_of(dtype));
}

RANKLENS_FOUR_TYPES(Train);

TEST(Trains, QuantisedModesArePrimeFactorsInOrder) {
  EXPECT_EQ(quantised({8, 12, 1, 7}), (Shape{2, 2, 2, 3, 2, 2, 1, 7}));
}

// A train is a value: neither random nor capped ranks exceed what the modes allow.
TEST(Trains, RanksAreNoLargerThanTheModesAllow) {
  base::Stream stream(1, "init");
  EXPECT_EQ(ranks(random(stream, {2, 3, 4, 2}, {.ranks = {50}})), (Shape{2, 6, 2}));
}

TEST(TrainErrors, AreOneSentence) {
  const auto core = at::ones({1, 3, 1}, at::kDouble);
  expect_error([] { check(TensorTrain{}); }, "at least one core");
  expect_error([&] { check(TensorTrain{{core, at::ones({2, 3, 1}, at::kDouble)}}); },
               "core 1 of a tensor train has left rank 2, not 1");
  expect_error([&] { check(TensorTrain{{at::ones({1, 3, 2}, at::kDouble)}}); }, "ends with rank 2");
  expect_error([&] { check(TensorTrain{{core, at::ones({1, 3, 1})}}); }, "differs from core 0");
  expect_error([&] { check(TensorTrain{{at::ones({1, 3, 1}, at::kHalf)}}); }, "of type float16");
  expect_error([&] { check(TensorTrain{{at::ones({1, 0, 1})}}); }, "has no entries");
  expect_error([&] { check(TensorTrain{{at::ones({1, 3})}}); }, "must be [r, n, r']");
  expect_error([&] { check(TTMatrix{{core}}); }, "must be [r, m, n, r']");
  expect_error([&] { check(TensorTrain{{core}, 1}); }, "has no centre 1");
  expect_error([&] { check(TensorTrain{{core}, -1, NAN}); }, "scale");
  expect_error([&] { element({{core}}, {3}); }, "outside the shape 3");
  expect_error([&] { element({{core}}, {0, 1}); }, "int64 [count, 1]");
  expect_error([&] { split(TensorTrain{{core}}, {2}, {2}); }, "mode 0 of size 3 does not split");
  expect_error([] { full(ones(Shape(50, 2))); }, "too many entries");
  expect_error([] { ones({}); }, "at least one mode");
  expect_error([] { ones({2, 0}); }, "at least 1, not 0");
  expect_error([] { delta({2, 2}, {0, 2}); }, "outside the shape 2x2");
  base::Stream stream(1, "init");
  expect_error([&] { random(stream, {2, 2, 2}, {.ranks = {1, 2, 3}}); }, "2 bonds, but 3 ranks");
  expect_error([&] { random(stream, {2, 2}, {.ranks = {0}}); }, "at least 1, not 0");
  expect_error([&] { random(stream, {2, 2}, {.ranks = {1}, .deviation = 0}); }, "above 0");
  expect_error([] { rank_one({at::ones({2, 2})}); }, "made of vectors");
  expect_error([] { from_cp(at::ones({2}), {at::ones({3, 3})}); }, "factor 0");
}

}  // namespace
}  // namespace ranklens::tn
