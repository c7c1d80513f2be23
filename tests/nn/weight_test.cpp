#include "ranklens/nn/weight.h"

#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tt_matrix.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/normal.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::close;
using ranklens::testing::error_of;

/// W[(m1,m2,m3),(n1,n2,n3)] entry by entry from the definition.
double entry(const std::vector<at::Tensor>& cores, const Shape& m, const Shape& n) {
  auto row = cores[0].select(1, m[0]).select(1, n[0]);
  for (std::size_t k = 1; k < cores.size(); ++k)
    row = at::matmul(row, cores[k].select(1, m[k]).select(1, n[k]));
  return row.item<double>();
}

TEST(TTMatrix, DenseFollowsTheDefinitionWithFirstModeSlowest) {
  const std::vector<at::Tensor> cores{testing::normal_double({1, 2, 3, 4}, "a"),
                                      testing::normal_double({4, 3, 2, 5}, "b"),
                                      testing::normal_double({5, 2, 2, 1}, "c")};
  const TTMatrix weight({12, 12}, cores);
  const auto dense = weight.dense();
  for (std::int64_t row = 0; row < 12; ++row) {
    for (std::int64_t column = 0; column < 12; ++column) {
      const Shape m{row / 6, row / 2 % 3, row % 2}, n{column / 4, column / 2 % 2, column % 2};
      EXPECT_NEAR(dense[row][column].item<double>(), entry(cores, m, n), 1e-12);
    }
  }
}

TEST(TTMatrix, FromDenseKeepsATolerance) {
  const auto dense = testing::normal_double({24, 24}, "w");
  for (const double eps : {0.4, 0.7}) {
    const auto weight = TTMatrix::from_dense(dense, {2, 3, 4}, {4, 3, 2}, {}, eps);
    EXPECT_LE((weight->dense() - dense).norm().item<double>(), eps * dense.norm().item<double>());
    EXPECT_LT(weight->parameters(),
              TTMatrix::from_dense(dense, {2, 3, 4}, {4, 3, 2}, {})->parameters());
  }
}

struct Modes {
  Shape out, in, ranks;
};

/// Shapes for which the cheapest order is left to right, right to left, and to rebuild.
class TTMatrixOrders : public ::testing::TestWithParam<Modes> {};

TEST_P(TTMatrixOrders, LinearAndAdjointAgreeWithDense) {
  const auto& [out, in, ranks] = GetParam();
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < out.size(); ++k) {
    cores.push_back(testing::normal_double(
        {k == 0 ? 1 : ranks[k - 1], out[k], in[k], k + 1 == out.size() ? 1 : ranks[k]},
        k % 2 == 0 ? "even" : "odd"));
  }
  std::int64_t m = 1, n = 1;
  for (std::size_t k = 0; k < out.size(); ++k) m *= out[k], n *= in[k];
  const TTMatrix weight({m, n}, cores);
  const auto x = testing::normal_double({5, n}, "x"), bias = testing::normal_double({m}, "bias"),
             y = testing::normal_double({5, m}, "y");
  EXPECT_TRUE(close(weight.linear(x, bias), at::linear(x, weight.dense(), bias), 1e-10, 1e-10));
  EXPECT_TRUE(close(weight.linear_adjoint(y), at::matmul(y, weight.dense()), 1e-10, 1e-10));
}

INSTANTIATE_TEST_SUITE_P(All, TTMatrixOrders,
                         ::testing::Values(Modes{{4, 3}, {5, 6}, {2}},
                                           Modes{{2, 2, 9}, {9, 8, 2}, {2, 2}},
                                           Modes{{9, 2, 2}, {2, 8, 9}, {2, 2}},
                                           Modes{{3, 3}, {3, 3}, {9}}, Modes{{6}, {7}, {}},
                                           Modes{{2, 2, 2, 2}, {3, 3, 3, 3}, {2, 3, 2}}));

TEST(TTMatrix, DecompositionAtFullRankIsExactAndTruncationIsBestForTwoCores) {
  const auto dense = testing::normal_double({12, 20}, "w");
  EXPECT_TRUE(
      close(TTMatrix::from_dense(dense, {3, 4}, {4, 5}, {12})->dense(), dense, 1e-10, 1e-10));
  const auto cut = TTMatrix::from_dense(dense, {3, 4}, {4, 5}, {5})->dense();
  // Two cores: the error is that of the best rank-5 approximation of the (m1 n1) x (m2 n2)
  // unfolding.
  const auto unfolding = dense.reshape({3, 4, 4, 5}).permute({0, 2, 1, 3}).reshape({12, 20});
  const auto discarded =
      at::linalg_svdvals(unfolding).narrow(0, 5, 7).pow(2).sum().sqrt().item<double>();
  EXPECT_NEAR((cut - dense).norm().item<double>(), discarded, 1e-10);
}

TEST(FixedRank, TruncatedSvdHasEckartYoungsError) {
  const auto dense = testing::normal_double({9, 14}, "w");
  const auto discarded =
      at::linalg_svdvals(dense).narrow(0, 4, 5).pow(2).sum().sqrt().item<double>();
  EXPECT_NEAR((FixedRank::from_dense(dense, {4})->dense() - dense).norm().item<double>(), discarded,
              1e-10);
  EXPECT_THAT(error_of([&] { FixedRank::from_dense(dense, {10}); }),
              ::testing::HasSubstr("between 1 and 9"));
  const double norm = dense.norm().item<double>();
  const auto close_by = FixedRank::from_dense(dense, {}, discarded / norm * (1 + 1e-6));
  EXPECT_EQ(close_by->factors()[0].tensor.size(1), 4);
}

TEST(FixedRank, LinearAdjointAndConvolutionAgreeWithDense) {
  const auto u = testing::normal_double({6, 3}, "u"), s = testing::normal_double({3, 3}, "s"),
             v = testing::normal_double({4 * 9, 3}, "v");
  const FixedRank weight({6, 4, 3, 3}, u, s, v);
  const auto x = testing::normal_double({2, 4, 7, 7}, "x"), bias = testing::normal_double({6}, "b");
  const ConvGeometry geometry{.stride = 2, .top = 1, .left = 0, .bottom = 2, .right = 1};
  EXPECT_TRUE(close(weight.conv2d(x, bias, geometry), convolve(x, weight.dense(), bias, geometry),
                    1e-10, 1e-10));
  const FixedRank flat({6, 36}, u, s, v);
  const auto rows = testing::normal_double({5, 36}, "rows"),
             y = testing::normal_double({5, 6}, "y");
  EXPECT_TRUE(close(flat.linear(rows, bias), at::linear(rows, flat.dense(), bias), 1e-10, 1e-10));
  EXPECT_TRUE(close(flat.linear_adjoint(y), at::matmul(y, flat.dense()), 1e-10, 1e-10));
}

TEST(Weights, ReadBackFromKindStructureAndFactors) {
  for (const char* spec : {"dense", "low_rank(r=3)", "tt(out=2x3,in=4x5,r=3)"}) {
    const auto weight =
        initialise({6, 20}, parse_weight_spec(spec), {}, base::Stream(1, "init", spec));
    const auto again =
        make_weight(std::string(weight->kind()), weight->structure(), weight->factors());
    EXPECT_EQ(again->spec(), spec);
    EXPECT_TRUE(at::equal(again->dense(), weight->dense()));
  }
}

TEST(Initialise, FactorisedEntriesHaveTheVarianceOfDenseOnes) {
  const Shape shape{256, 512};
  const Init init{.kind = Init::Kind::he_uniform};
  const double want = 2.0 / 512;
  for (const char* spec : {"dense", "low_rank(r=16)", "tt(out=8x8x4,in=8x8x8,r=16)",
                           "tt(out=4x4x4x4,in=4x4x4x8,r=8)"}) {
    double variance = 0;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      const auto weight =
          initialise(shape, parse_weight_spec(spec), init, base::Stream(seed, "init", "w"));
      variance += weight->dense().pow(2).mean().item<double>() / 4;
    }
    EXPECT_NEAR(variance / want, 1, 0.1) << spec;
  }
}

TEST(WeightSpec, RoundTripsAndRefuses) {
  EXPECT_EQ(to_string(parse_weight_spec(" tt( out=8x4x4, in=16x16x8, r=16 )")),
            "tt(out=8x4x4,in=16x16x8,r=16)");
  EXPECT_THAT(error_of([] { parse_weight_spec("low_rnk(r=2)"); }),
              ::testing::HasSubstr("nearest: 'low_rank'"));
  EXPECT_THAT(error_of([] { parse_weight_spec("low_rank(r=-2)"); }),
              ::testing::HasSubstr("positive whole number"));
  EXPECT_THAT(error_of([] { parse_weight_spec("tt(out=2x2,in=2x2"); }),
              ::testing::HasSubstr("parenthesis"));
  EXPECT_THAT(error_of([] { parse_weight_spec("low_rank(r=1,r=2)"); }),
              ::testing::HasSubstr("twice"));
  EXPECT_THAT(error_of([] { parse_weight_spec("low_rank"); }),
              ::testing::HasSubstr("needs a rank, a tolerance or a ratio"));
  EXPECT_THAT(error_of([] { parse_weight_spec("tt(out=2x2,in=2x,r=2)"); }),
              ::testing::HasSubstr("'' in the weight spec 'tt(out=2x2,in=2x,r=2)'"));
  EXPECT_THAT(error_of([] { parse_weight_spec("low_rank(eps=1)"); }),
              ::testing::HasSubstr("must be below 1"));
  EXPECT_THAT(error_of([] { parse_weight_spec("low_rank(out=2,r=1)"); }),
              ::testing::HasSubstr("has no option 'out'"));
  EXPECT_THAT(error_of([] { resolve(parse_weight_spec("low_rank(r=7)"), {6, 20}); }),
              ::testing::HasSubstr("above 6"));
  EXPECT_THAT(error_of([] { resolve(parse_weight_spec("tt(out=2x2,in=2x2,r=2)"), {6, 4}); }),
              ::testing::HasSubstr("do not give a weight of 6 outputs"));
}

TEST(WeightSpec, ARankOfZeroIsRefused) {
  using ranklens::testing::expect_error;
  for (const char* spec : {"low_rank(r=0)", "tt(r=0)", "tt(out=2x2x2,in=2x2x2,r=2x0)",
                           "tucker(r=0)", "tucker(r=4x0)", "cp(r=0)"}) {
    expect_error([&] { parse_weight_spec(spec); },
                 fmt::format("'0' in the weight spec '{}' is not a positive whole number", spec));
  }
  const auto dense = testing::normal_double({6, 20}, "w");
  expect_error([&] { FixedRank::from_dense(dense, {0}); }, "rank 0 is not between 1 and 6");
  expect_error([&] { TTMatrix::from_dense(dense, {2, 3}, {4, 5}, {0}); },
               "a rank must be at least 1, not 0");
}

TEST(WeightSpec, OneRankIsLoweredToWhatEachPlaceCanHave) {
  // Bonds of 4 and 16 in the middle: 16 is the most, and of the outer ones too many.
  EXPECT_THAT(resolve(parse_weight_spec("tt(out=2x2x2x2,in=2x2x2x2,r=16)"), {16, 16}).ranks,
              ::testing::ElementsAre(4, 16, 4));
  EXPECT_THAT(resolve(parse_weight_spec("tt(out=4x2,in=3x2,r=5)"), {8, 6, 3, 3}).ranks,
              ::testing::ElementsAre(5, 4));
  EXPECT_THAT(resolve(parse_weight_spec("tucker(r=7)"), {8, 3, 3, 3}).ranks,
              ::testing::ElementsAre(7, 3));
}

TEST(WeightSpec, RanksThatNothingHasAreRefused) {
  const auto complaint = [](const char* spec, const Shape& shape) {
    return error_of([&] { resolve(parse_weight_spec(spec), shape); });
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(complaint("tt(out=2x2x2x2,in=2x2x2x2,r=17)", {16, 16}),
              HasSubstr("rank 17 is above 16, the most that any bond can have"));
  EXPECT_THAT(complaint("tt(out=2x2x2x2,in=2x2x2x2,r=5x16x4)", {16, 16}),
              HasSubstr("rank 5 of bond 0 is above 4"));
  EXPECT_THAT(complaint("tt(out=4x2,in=3x2,r=10)", {8, 6, 3, 3}), HasSubstr("10 is above 9"));
  EXPECT_THAT(complaint("tt(out=16,in=16,r=2)", {16, 16}), HasSubstr("rank 2 is above 1"));
  EXPECT_THAT(complaint("tucker(r=9)", {8, 6, 3, 3}),
              HasSubstr("rank 9 is above 8, the most that any mode can have"));
  EXPECT_THAT(complaint("tucker(r=4x7)", {8, 6, 3, 3}), HasSubstr("rank 7 of mode 1 is above 6"));
  // A window of nine beside one channel: no more outputs are independent.
  EXPECT_THAT(complaint("tucker(r=10x1)", {32, 1, 3, 3}),
              HasSubstr("rank 10 of mode 0 is above 9"));
  EXPECT_THAT(complaint("cp(r=55)", {8, 6, 3, 3}), HasSubstr("between 1 and 54"));
  EXPECT_THAT(complaint("cp(r=7)", {6, 20}), HasSubstr("between 1 and 6"));
}

}  // namespace
}  // namespace ranklens::nn
