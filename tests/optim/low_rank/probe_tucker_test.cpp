#include "ranklens/optim/low_rank/probe_tucker.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/dense.h"

#include "optim/low_rank/kernels.h"

namespace ranklens::optim {
namespace {

using testing::block;
using testing::distance;
using testing::kernel;
using testing::noise;
using testing::norm;

using Applied = std::function<at::Tensor(const nn::Weight&, const at::Tensor&, const at::Tensor&)>;

Applied with(const nn::ConvGeometry& geometry) {
  return [geometry](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& bias) {
    return weight->conv2d(x, bias, geometry);
  };
}

struct KernelPass {
  at::Tensor y;
  std::vector<at::Tensor> gradients;  ///< of x, the bias, the weight's factors
};

// The loss sum(cos y).
KernelPass pass(const nn::Weight& weight, const at::Tensor& x, const Applied& apply_to) {
  const auto image = x.detach().requires_grad_();
  const auto bias = noise(1, weight->shape()[0], 77).squeeze(0).requires_grad_();
  const auto leaves = nn::map_factors(
      weight, [](const at::Tensor& factor) { return factor.detach().requires_grad_(); });
  std::vector<at::Tensor> inputs{image, bias};
  for (const auto& factor : leaves->factors()) inputs.push_back(factor.tensor);
  const auto y = apply_to(leaves, image, bias);
  return {y, torch::autograd::grad({y.cos().sum()}, inputs)};
}

// A probe against the dense kernel.
void expect_probed(const TuckerKernel& point, const at::Tensor& x, const Applied& apply_to) {
  const auto dense_kernel = point.dense();
  const auto uses = std::make_shared<Uses>();
  const auto rows = core_rows(point.core);
  const auto probed = pass(probe(dense_kernel.sizes().vec(), point, rows, uses), x, apply_to);
  const auto dense = pass(nn::Weight(dense_kernel), x, apply_to);
  EXPECT_LT(distance(probed.y, dense.y), 1e-11);
  EXPECT_LT(distance(probed.gradients[0], dense.gradients[0]), 1e-11);
  EXPECT_LT(distance(probed.gradients[1], dense.gradients[1]), 1e-11);
  const auto& g = probed.gradients;
  const auto found = probed_gradient(rows, g[2], g[3], g[4], *uses, 1);
  const auto expected = seen_from(point, dense.gradients[2]);
  const double allowed = 1e-11 * (1 + norm(expected.k_out));
  EXPECT_LT(distance(found.k_out, expected.k_out), allowed);
  EXPECT_LT(distance(found.k_in, expected.k_in), allowed);
  EXPECT_LT(distance(found.core, expected.core), allowed);
  const auto left = noise(dense_kernel.size(0), 3, 78), right = noise(dense_kernel.size(1), 2, 79);
  const auto between = expected.between(left, right);
  EXPECT_LT(distance(found.between(left, right), between), 1e-10);
  const auto of_core =
      pass(probe(dense_kernel.sizes().vec(), point, rows, {}, Reads::core), x, apply_to);
  ASSERT_EQ(of_core.gradients.size(), 3U);
  EXPECT_LT(distance(of_core.y, dense.y), 1e-11);
  EXPECT_LT(distance(of_core.gradients[0], dense.gradients[0]), 1e-11);
  EXPECT_LT(distance(of_core.gradients[1], dense.gradients[1]), 1e-11);
  EXPECT_LT(distance(of_core.gradients[2], expected.core), allowed);
  const auto clipped = probed_gradient(rows, g[2], g[3], g[4], *uses, 0.25);
  EXPECT_LT(distance(clipped.between(left, right), 0.25 * between), 1e-10);
}

TEST(TuckerProbe, GivesWhatTheDenseKernelGives) {
  for (const auto& geometry :
       {nn::ConvGeometry{},
        nn::ConvGeometry{.stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 1},
        nn::ConvGeometry{.dilation = 2, .top = 0, .left = 1, .bottom = 2, .right = 1}}) {
    const auto x = block({3, 5, 9, 8}, 1);
    expect_probed(kernel(6, 5, 4, 3, 2), x, with(geometry));
    expect_probed(kernel(6, 5, 2, 4, 3), x.contiguous(at::MemoryFormat::ChannelsLast),
                  with(geometry));
  }
}

// Wider than the core's unfolding: on the way through a step.
TEST(TuckerProbe, OfMoreColumnsThanAttainable) {
  const TuckerKernel wide{testing::basis(6, 5, 4), block({5, 2, 1, 2}, 5), testing::basis(5, 2, 6)};
  expect_probed(wide, block({2, 5, 4, 4}, 7), with({}));
  expect_probed(testing::exchanged(wide), block({2, 6, 4, 4}, 8), with({}));
}

TEST(TuckerProbe, SharedWeightsAddUp) {
  const nn::ConvGeometry same{.top = 1, .left = 1, .bottom = 1, .right = 0};
  expect_probed(kernel(5, 5, 3, 2, 9), block({2, 5, 5, 5}, 10),
                [=](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& bias) {
                  return weight->conv2d(weight->conv2d(x, bias, same).sin(), bias, same);
                });
}

TEST(TuckerProbe, OfAnOperatorThatAsksForTheWholeKernel) {
  const Applied whole = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& bias) {
    return nn::convolve(x, weight->dense(), bias, {});
  };
  const auto x = block({3, 5, 9, 8}, 14);
  expect_probed(kernel(6, 5, 4, 3, 15), x, whole);
  expect_probed(kernel(6, 5, 2, 4, 16), x.contiguous(at::MemoryFormat::ChannelsLast), whole);
  const TuckerKernel wide{testing::basis(6, 5, 17), block({5, 2, 1, 2}, 18),
                          testing::basis(5, 2, 19)};
  expect_probed(wide, x, whole);
}

TEST(TuckerProbe, KeepsNothingUnasked) {
  const auto point = kernel(6, 5, 4, 3, 11);
  const auto rows = core_rows(point.core);
  const auto found = pass(probe({6, 5, 3, 2}, point, rows), block({2, 5, 5, 5}, 12), with({}));
  const auto& g = found.gradients;
  EXPECT_FALSE(static_cast<bool>(probed_gradient(rows, g[2], g[3], g[4], {}).between));
  EXPECT_THROW(probe({6, 5, 3, 2}, point, rows)->linear(noise(2, 5, 13), {}), base::Error);
}

}  // namespace
}  // namespace ranklens::optim
