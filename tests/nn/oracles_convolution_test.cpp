#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <gtest/gtest.h>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weight_spec.h"

// Factorised convolutions against libtorch's dense one.
namespace ranklens::nn {
namespace {

double frobenius_of(const at::Tensor& t) { return at::linalg_vector_norm(t).item<double>(); }

at::Tensor normal(at::IntArrayRef sizes, const char* name) {
  return base::Stream(13, "test", name).normal(sizes, 0, 1, at::kDouble);
}

Weight drawn_kernel(const Shape& shape, const char* spec) {
  const auto weight = initialise(shape, parse_weight_spec(spec), {}, base::Stream(3, "init", spec));
  return map_factors(weight, [](const auto& factor) { return factor.to(at::kDouble); });
}

TEST(OracleConvolution, EveryFormatWithStridePaddingAndDilation) {
  const char* const specs[] = {"low_rank(r=4)",
                               "low_rank(r=1)",
                               "tucker(r=4x3)",
                               "cp(r=5)",
                               "tt(out=4x2,in=3x2,r=4x3)",
                               "tt(out=2x2x2,in=1x3x2,r=5)",
                               "tt(out=4x2,in=9x6,r=3)"};
  const auto x = normal({2, 6, 11, 10}, "x"), bias = normal({8}, "bias");
  for (const auto* spec : specs) {
    const auto weight = drawn_kernel({8, 6, 3, 3}, spec);
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t dilation : {1, 2}) {
        for (const std::int64_t pad : {0, 1, 2}) {
          const ConvGeometry geometry{.stride = stride,
                                      .dilation = dilation,
                                      .top = pad,
                                      .left = 0,
                                      .bottom = 1,
                                      .right = pad};
          const auto padded = at::constant_pad_nd(x, {0, pad, pad, 1}, 0);
          const auto wanted =
              at::conv2d(padded, weight->dense(), bias, at::IntArrayRef{stride, stride},
                         at::IntArrayRef{0, 0}, at::IntArrayRef{dilation, dilation});
          const auto found = weight->conv2d(x, bias, geometry);
          ASSERT_EQ(found.sizes(), wanted.sizes()) << spec;
          EXPECT_LT(frobenius_of(found - wanted), 1e-14 * frobenius_of(wanted)) << spec;
        }
      }
    }
  }
}

}  // namespace
}  // namespace ranklens::nn
