#include "ranklens/nn/fused/relu_pool.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/fusion.h"

#include "each_kernel_set.h"
#include "testing/close.h"
#include "testing/normal.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::close;
using ranklens::testing::with_each_kernel_set;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using torch::autograd::grad;

// Few different numbers: windows with several largest ones, and with none above zero.
at::Tensor image_of(const std::vector<std::int64_t>& sizes, at::ScalarType type) {
  const auto x = testing::normal_float(sizes, "x").mul(2).round().div(2);
  return x.to(type).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(true);
}

void expect_operators(const std::vector<std::int64_t>& sizes, at::ScalarType type) {
  const auto x = image_of(sizes, type);
  ASSERT_TRUE(fused::pools(x));
  const auto ours = fused::relu_pool(x), theirs = fused::relu_pool_by_operators(x);
  EXPECT_TRUE(ours.equal(theirs));
  const auto towards = testing::normal_float(ours.sizes(), "towards").to(type);
  EXPECT_TRUE(grad({ours}, {x}, {towards})[0].equal(grad({theirs}, {x}, {towards})[0]));
}

TEST(ReluPool, IsThatOfTheOperators) {
  with_each_kernel_set([] {
    for (const auto& sizes : std::vector<std::vector<std::int64_t>>{
             {2, 20, 24, 24}, {3, 50, 8, 6}, {1, 1, 2, 2}, {2, 3, 4, 10}, {1, 64, 12, 2}}) {
      expect_operators(sizes, at::kFloat);
      expect_operators(sizes, at::kBFloat16);
    }
  });
}

TEST(ReluPool, IsDifferentiableTwice) {
  const auto second = [](const at::Tensor& y, const at::Tensor& x) {
    const auto first = grad({y.pow(3).sum()}, {x}, {}, std::nullopt, true)[0];
    return grad({first.square().sum()}, {x})[0];
  };
  const auto x = image_of({2, 5, 4, 4}, at::kFloat);
  EXPECT_TRUE(close(second(fused::relu_pool(x), x), second(fused::relu_pool_by_operators(x), x),
                    1e-5, 1e-6));
}

TEST(ReluPool, LeavesOtherLayoutsToTheOperators) {
  EXPECT_FALSE(fused::pools(at::zeros({2, 4, 4, 4})));
  EXPECT_FALSE(fused::pools(image_of({2, 4, 5, 4}, at::kFloat)));
  EXPECT_FALSE(fused::pools(image_of({2, 4, 4, 4}, at::kDouble)));
}

Network small(std::int64_t size) {
  GraphBuilder g;
  auto x = g.input("image", {2, size, size});
  x = g.max_pool2d("pool", g.relu("relu", g.conv2d("conv", x, {.out = 6, .kernel = 3})));
  g.linear("fc", g.flatten("flatten", x), {.out = 3});
  return g.build(4);
}

TEST(ReluPool, IsOneNodeOfATrainingStep) {
  const auto net = small(8);  // conv relu pool flatten fc
  const auto groups = [&](const RunOptions& options) {
    std::vector<std::vector<std::size_t>> found;
    for (const auto& one : fusible(net.graph.data(), options)) found.push_back(one.nodes());
    return found;
  };
  EXPECT_THAT(groups({.mode = Mode::train}), ElementsAre(ElementsAre(1, 2)));
  EXPECT_THAT(groups({.mode = Mode::train, .batch_norm = BatchNormMode::frozen}),
              ElementsAre(ElementsAre(1, 2)));
  EXPECT_THAT(groups({.want = {"relu"}, .mode = Mode::train}), IsEmpty());
  EXPECT_THAT(groups({}), IsEmpty());
}

TEST(ReluPool, ChangesNoStep) {
  for (const std::int64_t size : {8, 9}) {  // of 9 pixels 7 are left: not fused
    const auto net = small(size);
    const Network leaves{net.graph, net.state.as_leaves()};
    const auto x =
        testing::normal_float({5, 2, size, size}, "x").contiguous(at::MemoryFormat::ChannelsLast);
    const auto step = [&](const std::vector<std::string>& want) {
      const auto result = leaves.run(x, {.want = want, .mode = Mode::train});
      std::vector<at::Tensor> inputs;
      for (const auto& one : leaves.state.trainable()) inputs.push_back(one.tensor);
      auto found = grad({result.output().square().sum()}, inputs);
      found.push_back(result.output());
      return found;
    };
    const auto fused = step({}), plain = step({"relu"});
    for (std::size_t k = 0; k < plain.size(); ++k) {
      EXPECT_TRUE(close(fused[k], plain[k], 1e-5, 1e-6)) << k;
    }
  }
}

}  // namespace
}  // namespace ranklens::nn
