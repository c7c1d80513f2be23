#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weights/cp.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/tt_conv.h"
#include "ranklens/nn/weights/tucker.h"

#include "testing/close.h"
#include "testing/expect_error.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::close;
using ranklens::testing::error_of;

at::Tensor drawn(at::IntArrayRef sizes, const char* name) {
  return base::Stream(11, "test", name).normal(sizes, 0, 1, at::kDouble);
}

Weight fresh(const Shape& shape, const char* spec) {
  const auto weight = initialise(shape, parse_weight_spec(spec), {}, base::Stream(3, "init", spec));
  return map_factors(weight, [](const auto& factor) { return factor.to(at::kDouble); });
}

const ConvGeometry kGeometries[] = {
    {},
    {.stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 1},
    {.stride = 2, .top = 0, .left = 1, .bottom = 1, .right = 2},
    {.dilation = 2, .top = 2, .left = 2, .bottom = 2, .right = 2},
};

const char* const kKernels[] = {"tucker(r=4x3)",
                                "tucker(r=2)",
                                "cp(r=5)",
                                "tt(out=4x2,in=3x2,r=4x3)",
                                "tt(out=2x2x2,in=1x3x2,r=5)",
                                "tt(out=4x2,in=9x6,r=3)"};

TEST(ConvolutionFormats, AgreeWithTheDenseKernel) {
  const auto x = drawn({2, 6, 9, 8}, "x"), bias = drawn({8}, "bias");
  for (const auto* spec : kKernels) {
    const auto weight = fresh({8, 6, 3, 3}, spec);
    EXPECT_EQ(weight->dense().sizes(), (Shape{8, 6, 3, 3}));
    for (const auto& geometry : kGeometries) {
      EXPECT_TRUE(close(weight->conv2d(x, bias, geometry),
                        convolve(x, weight->dense(), bias, geometry), 1e-12, 1e-12))
          << spec;
    }
  }
}

TEST(ConvolutionFormats, FactorsHaveTheGradientsOfTheDenseKernel) {
  const auto x = drawn({2, 6, 7, 7}, "x"), pull = drawn({2, 8, 4, 4}, "pull");
  const ConvGeometry geometry{.stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 1};
  for (const auto* spec : kKernels) {
    const auto gradients = [&](bool through_dense) {
      std::vector<at::Tensor> leaves;
      const auto weight = map_factors(fresh({8, 6, 3, 3}, spec), [&](const auto& factor) {
        leaves.push_back(factor.detach().clone().requires_grad_());
        return leaves.back();
      });
      const auto y = through_dense ? convolve(x, weight->dense(), {}, geometry)
                                   : weight->conv2d(x, {}, geometry);
      (y * pull).sum().backward();
      for (auto& leaf : leaves) leaf = leaf.grad();
      return leaves;
    };
    const auto found = gradients(false), wanted = gradients(true);
    for (std::size_t k = 0; k < found.size(); ++k)
      EXPECT_TRUE(close(found[k], wanted[k], 1e-11, 1e-11)) << spec << ", factor " << k;
  }
}

TEST(ConvolutionFormats, DefinitionsEntryByEntry) {
  const auto u = drawn({2, 2}, "u"), core = drawn({2, 3, 1, 2}, "c"), v = drawn({4, 3}, "v");
  const auto tucker = Tucker2({2, 4, 1, 2}, u, core, v).dense();
  const std::vector<at::Tensor> factors{drawn({2, 3}, "a"), drawn({4, 3}, "b"), drawn({1, 3}, "y"),
                                        drawn({2, 3}, "x")};
  const auto cp = CPKernel({2, 4, 1, 2}, factors).dense();
  const auto window = drawn({1, 2, 3}, "w"), g1 = drawn({3, 1, 2, 2}, "g1"),
             g2 = drawn({2, 2, 2, 1}, "g2");
  const auto train = TTConv({2, 4, 1, 2}, window, {g1, g2}).dense();
  for (std::int64_t o = 0; o < 2; ++o) {
    for (std::int64_t i = 0; i < 4; ++i) {
      for (std::int64_t x = 0; x < 2; ++x) {
        double by_tucker = 0, by_cp = 0;
        for (std::int64_t a = 0; a < 2; ++a)
          for (std::int64_t b = 0; b < 3; ++b)
            by_tucker += (u[o][a] * core[a][b][0][x] * v[i][b]).item<double>();
        for (std::int64_t r = 0; r < 3; ++r)
          by_cp += (factors[0][o][r] * factors[1][i][r] * factors[2][0][r] * factors[3][x][r])
                       .item<double>();
        const auto row = at::matmul(window[0][x].unsqueeze(0), g1.select(1, 0).select(1, i / 2));
        const double by_train = at::matmul(row, g2.select(1, o).select(1, i % 2)).item<double>();
        EXPECT_NEAR(tucker[o][i][0][x].item<double>(), by_tucker, 1e-12);
        EXPECT_NEAR(cp[o][i][0][x].item<double>(), by_cp, 1e-12);
        EXPECT_NEAR(train[o][i][0][x].item<double>(), by_train, 1e-12);
      }
    }
  }
}

TEST(LinearFormats, AgreeWithTheDenseMatrix) {
  const auto x = drawn({3, 2, 12}, "x"), y = drawn({5, 8}, "y"), bias = drawn({8}, "bias");
  for (const auto* spec : {"tucker(r=4x3)", "cp(r=5)"}) {
    const auto weight = fresh({8, 12}, spec);
    EXPECT_TRUE(close(weight->linear(x, bias), at::linear(x, weight->dense(), bias), 1e-12, 1e-12));
    EXPECT_TRUE(close(weight->linear_adjoint(y), at::matmul(y, weight->dense()), 1e-12, 1e-12));
  }
}

TEST(ConvolutionFormats, FromDenseAtFullRankIsExactAndEpsIsKept) {
  const auto dense = drawn({8, 6, 3, 3}, "w");
  const auto error = [&](const Weight& weight) {
    return ((weight->dense() - dense).norm() / dense.norm()).item<double>();
  };
  EXPECT_LT(error(Tucker2::from_dense(dense, {8, 6})), 1e-12);
  EXPECT_LT(error(TTConv::from_dense(dense, {4, 2}, {3, 2}, {})), 1e-12);
  for (const double eps : {0.1, 0.3, 0.6}) {
    EXPECT_LE(error(Tucker2::from_dense(dense, {}, eps)), eps);
    EXPECT_LE(error(TTConv::from_dense(dense, {4, 2}, {3, 2}, {}, eps)), eps);
  }
  const auto low = fresh({8, 6, 3, 3}, "cp(r=3)")->dense();
  EXPECT_LT(((CPKernel::from_dense(low, 3)->dense() - low).norm() / low.norm()).item<double>(),
            1e-4);
}

TEST(ConvolutionFormats, ReadBackAndFreshVariance) {
  for (const auto* spec : kKernels) {
    const auto weight = fresh({8, 6, 3, 3}, spec);
    const auto again =
        make_weight(std::string(weight->kind()), weight->structure(), weight->factors());
    EXPECT_TRUE(at::equal(again->dense(), weight->dense())) << spec;
    EXPECT_EQ(parse_weight_spec(again->spec()).format, parse_weight_spec(spec).format);
  }
  const Init init{.kind = Init::Kind::he_uniform};
  for (const auto* spec : {"tucker(r=16x16)", "cp(r=32)", "tt(out=8x8,in=8x8,r=9x16)"}) {
    double variance = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const auto weight = initialise({64, 64, 3, 3}, parse_weight_spec(spec), init,
                                     base::Stream(seed, "init", "w"));
      variance += weight->dense().pow(2).mean().item<double>() / 12;
    }
    EXPECT_NEAR(variance / (2.0 / (64 * 9)), 1, 0.1) << spec;
  }
}

TEST(ConvolutionFormats, SayWhatDoesNotFit) {
  EXPECT_THAT(error_of([] { fresh({8, 6, 3, 3}, "tucker(r=4x3x2)"); }),
              ::testing::HasSubstr("tucker needs two ranks"));
  EXPECT_THAT(error_of([] { fresh({8, 6, 3}, "cp(r=4)"); }),
              ::testing::HasSubstr("only a matrix or the kernel of a convolution"));
  EXPECT_THAT(error_of([] { fresh({8, 6, 3, 3}, "tt(out=4x2,in=3x2,r=4x3x2)"); }),
              ::testing::HasSubstr("has 2 ranks, not 3"));
  EXPECT_THAT(error_of([] { parse_weight_spec("tuker(r=2)"); }),
              ::testing::HasSubstr("nearest: 'tucker'"));
}

}  // namespace
}  // namespace ranklens::nn
