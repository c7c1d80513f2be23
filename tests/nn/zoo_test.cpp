#include "ranklens/nn/zoo/zoo.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/inspect.h"

#include "testing/expect_error.h"

namespace ranklens::nn::zoo {
namespace {

TEST(Zoo, HackathonNetworksHaveTheirPublishedSizes) {
  EXPECT_EQ(cnn_dense({.channels = 1}).state.trainable_parameters(), 551146);
  EXPECT_EQ(cnn_dense({.channels = 1}).state.buffer_numbers(), 1152);
  EXPECT_EQ(cnn_tt({.channels = 1}).state.trainable_parameters(), 498282);
  EXPECT_EQ(cnn_tt({.channels = 1}).state.buffer_numbers(), 29568);
  EXPECT_EQ(cnn_dense({.channels = 3}).state.trainable_parameters(), 551722);
  EXPECT_EQ(cnn_tt({.channels = 3}).state.trainable_parameters(), 498858);
}

TEST(Zoo, MatchedHeadsAreOfOneShapeAndAboutOneSize) {
  for (const std::int64_t width : {16, 32}) {
    const auto dense = cnn_dense({.width = width}), tt = cnn_tt_matched({.width = width}),
               low_rank = cnn_low_rank({.width = width});
    EXPECT_EQ(tt.state.at("head.weight").weight->shape(),
              dense.state.at("head.weight").weight->shape());
    EXPECT_EQ(low_rank.state.at("head.weight").weight->shape(),
              dense.state.at("head.weight").weight->shape());
    const auto a = static_cast<double>(tt.state.at("head.weight").weight->parameters());
    const auto b = static_cast<double>(low_rank.state.at("head.weight").weight->parameters());
    EXPECT_LT(std::abs(a - b) / a, 0.1) << width;
  }
  // (16,16,8) -> (8,4,4), rank 16: 16*8*16 + 16*(16*4)*16 + 16*(8*4)
  EXPECT_EQ(cnn_tt_matched({}).state.at("head.weight").weight->parameters(), 2048 + 16384 + 512);
}

TEST(Zoo, ATensorTrainTrunkIsTheDenseOnesQuarter) {
  for (const std::int64_t width : {8, 16, 32}) {
    const auto dense = cnn_dense({.width = width}), trunk = cnn_tt_trunk({.width = width});
    std::int64_t saved = 0;
    for (const auto& name : dense.state.names()) {
      const auto& before = dense.state.at(name).weight;
      const auto& after = trunk.state.at(name).weight;
      EXPECT_EQ(after->shape(), before->shape());
      const bool kernel = before->shape().size() == 4 && name != "conv1.weight";
      EXPECT_EQ(after->kind(), kernel ? "tt_conv" : "dense") << name;
      if (!kernel) continue;
      EXPECT_LE(4 * after->parameters(), before->parameters()) << name;
      EXPECT_GE(7 * after->parameters(), before->parameters()) << name;
      saved += before->parameters() - after->parameters();
    }
    EXPECT_EQ(trunk.state.trainable_parameters(), dense.state.trainable_parameters() - saved);
  }
  const auto dense = cnn_dense({.seed = 4}), trunk = cnn_tt_trunk({.seed = 4});
  for (const auto* name : {"conv1.weight", "head.weight"})
    EXPECT_TRUE(at::equal(dense.state.tensor(name), trunk.state.tensor(name)));
}

TEST(Zoo, TheMatrixProductStateBeginsNearOneWhateverTheImageAndItsSize) {
  for (const std::int64_t size : {28, 64}) {
    const auto net = mps_classifier({.size = size, .classes = 4, .seed = 2});
    const auto images =
        base::Stream(1, "test", "images").uniform({8, 1, size, size}, 0, 1, at::kFloat);
    const c10::NoGradGuard no_grad;
    const auto logits = net(images);
    EXPECT_LT(logits.abs().max().item<double>(), 10) << size;
    EXPECT_GT(logits.abs().amax(1).min().item<double>(), 0.05) << size;
  }
  // Bonds 1, 2, 4, 8, 16, 32, ..., 32, 16, ..., 1 around a core of 32 x 10 x 32.
  std::int64_t numbers = std::int64_t{32} * 10 * 32;
  for (const std::int64_t sites_of_a_side : {98, 98}) {
    std::int64_t left = 1;
    for (std::int64_t k = 0; k < sites_of_a_side; ++k) {
      const auto right = std::min<std::int64_t>(32, 2 * left);
      numbers += 2 * left * right;
      left = right;
    }
  }
  EXPECT_EQ(mps_classifier({}).state.trainable_parameters(), numbers);
}

TEST(Zoo, ArmsShareTheirTrunkWeights) {
  const auto dense = cnn_dense({.seed = 4}), tt = cnn_tt({.seed = 4}),
             other = cnn_dense({.seed = 5});
  EXPECT_TRUE(at::equal(dense.state.tensor("conv3.weight"), tt.state.tensor("conv3.weight")));
  EXPECT_FALSE(at::equal(dense.state.tensor("conv3.weight"), other.state.tensor("conv3.weight")));
}

TEST(Zoo, DropoutRatesAreThePublishedOnesTimesTheFactor) {
  const auto rates = [](const Network& network) {
    std::vector<double> all;
    for (const auto& node : network.graph.nodes()) {
      if (node.op->kind() == "dropout") all.push_back(node.op->options().at("p"));
    }
    return all;
  };
  EXPECT_THAT(rates(cnn_dense({})), ::testing::ElementsAre(0.2, 0.3, 0.4, 0.5));
  EXPECT_THAT(rates(cnn_tt({.dropout = 0.5})), ::testing::ElementsAre(0.1, 0.15, 0.2, 0.25));
  EXPECT_THROW(cnn_dense({.dropout = 1.5}), base::Error);
}

TEST(Zoo, PublishedParameterCounts) {
  EXPECT_EQ(resnet18({}).state.trainable_parameters(), 11689512);
  // 430,500 weights and 20 + 50 + 500 + 10 biases
  EXPECT_EQ(lenet5({}).state.trainable_parameters(), 430500 + 580);
  EXPECT_EQ(resnet50({}).state.trainable_parameters(), 25557032);
  // The low-rank literature counts weights without biases, and with the scales of batch norms.
  const auto counted = [](const Network& network) {
    std::int64_t count = 0;
    for (const auto& name : network.state.names()) {
      const auto& entry = network.state.at(name);
      if (!entry.buffer && name.ends_with(".weight")) count += entry.weight->parameters();
    }
    return count;
  };
  EXPECT_EQ(counted(alexnet_cifar({.classes = 100})), 23632704);
  EXPECT_EQ(counted(vgg16({})), 14710464 + 512 * 4096 + 4096 * 4096 + 4096 * 10 + 4224);
  // He et al.'s 269,722 less 10 biases and 688 shifts, and the two layers of 64.
  EXPECT_EQ(counted(resnet20({})), 269722 - 10 - 688 + 2 * 64 * 64);
  // Liu, Tan 2020: 4.7M; the exact count of the published checkpoint
  EXPECT_EQ(efficientnet_lite0({}).state.trainable_parameters(), 4652008);
}

// Simonyan, Zisserman 2015, table 1, columns A, B and E, on images of 32x32 and 10 classes. Kernels
// of 3x3 come without biases and with what that paper does not have, batch norm of two numbers a
// channel. Its classifier is here, two hidden layers of 4096, though on the 512 x 1 x 1 that is
// left of a small image, not on 512 x 7 x 7; others put one layer of 512 x 10 in its place.
TEST(Zoo, VGGNetworksHaveThePublishedLayers) {
  constexpr std::int64_t wide = 512 * 512, classifier = 513 * 4096 + 4097 * 4096 + 4097 * 10;
  constexpr std::int64_t a = 3 * 64 + 64 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 3 * wide,
                         b = a + 64 * 64 + 128 * 128, e = b + 2 * 256 * 256 + 4 * wide;
  constexpr std::int64_t channels_a = 64 + 128 + 2 * 256 + 4 * 512,
                         channels_b = channels_a + 64 + 128,
                         channels_e = channels_b + 2 * 256 + 4 * 512;
  // What 48 more pixels before the classifier and 990 more classes take.
  constexpr std::int64_t more = 48 * 512 * 4096 + 990 * 4097;
  struct Case {
    Network (*network)(const Options&);
    std::int64_t kernels, channels;
    std::int64_t published;  ///< the exact number behind the paper's 133, 133 and 144 million
  };
  for (const auto& [network, kernels, channels, published] :
       {Case{vgg11, a, channels_a, 132863336}, Case{vgg13, b, channels_b, 133047848},
        Case{vgg19, e, channels_e, 143667240}}) {
    const auto numbers = network({}).state.trainable_parameters();
    EXPECT_EQ(numbers, 9 * kernels + 2 * channels + classifier);
    EXPECT_EQ(numbers, published - more + channels);  // a bias a channel became two numbers
  }
}

TEST(Zoo, EveryNetworkRunsOnItsOwnSizeAndGivesOneLogitPerClass) {
  const c10::NoGradGuard no_grad;
  for (const auto& [name, text] : list()) {
    const auto net = make(name, {.classes = 7, .width = name.starts_with("cnn") ? 16 : 0});
    EXPECT_EQ(value_shapes(net.graph, 2).at(net.graph.outputs().front()), (Shape{2, 7})) << name;
  }
  const auto net = make("cnn-tt", {.width = 16});
  EXPECT_EQ(net(at::zeros({2, 1, 32, 32})).sizes(), (Shape{2, 10}));
  EXPECT_THAT(testing::error_of([] { make("resnet81"); }),
              ::testing::HasSubstr("nearest: 'resnet18'"));
}

TEST(Zoo, WhatANetworkWouldIgnoreIsRefused) {
  using ::testing::HasSubstr;
  EXPECT_THAT(testing::error_of([] { make("resnet18", {.width = 16}); }), HasSubstr("no width"));
  EXPECT_THAT(testing::error_of([] { make("mlp", {.dropout = 0}); }), HasSubstr("no dropout"));
  EXPECT_THAT(testing::error_of([] { make("cnn-tt", {.head = "dense"}); }), HasSubstr("its head"));
  EXPECT_THAT(testing::error_of([] { make("lenet5", {.hidden = {9}}); }), HasSubstr("no hidden"));
  EXPECT_THAT(testing::error_of([] { make("mps-classifier", {.dropout = 0}); }),
              HasSubstr("no dropout"));
  EXPECT_EQ(
      make("mlp", {.hidden = {9}, .head = "low_rank(r=2)"}).state.at("fc1.weight").weight->kind(),
      "low_rank");
}

TEST(Zoo, EfficientNetHalvesItsImageFiveTimes) {
  const auto shapes = value_shapes(efficientnet_lite0({}).graph, 1);
  EXPECT_EQ(shapes.at("stem.relu"), (Shape{1, 32, 112, 112}));
  EXPECT_EQ(shapes.at("head.relu"), (Shape{1, 1280, 7, 7}));
}

}  // namespace
}  // namespace ranklens::nn::zoo
