#include "ranklens/explain/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/zoo/zoo.h"

#include "explain/nets.h"
#include "testing/expect_error.h"

namespace ranklens::explain {
namespace {

using ::testing::HasSubstr;

std::string refusal(const nn::Network& network, std::string_view layer) {
  return ranklens::testing::error_of([&] { choose_layer(network, layer); });
}

TEST(ChooseLayer, KnowsTheBuiltInNetworks) {
  // The original's layer: the 128 -> 128 convolution after its ReLU, before batch norm and pooling.
  const auto cnn = nn::zoo::make("cnn-dense", {.width = 8});
  EXPECT_EQ(choose_layer(cnn, "auto").value, "relu6");
  EXPECT_EQ(choose_layer(cnn, "conv-activation").value, "relu6");
  EXPECT_THAT(choose_layer(cnn, "conv-activation").reason,
              HasSubstr("before any batch norm (8x8)"));
  EXPECT_EQ(choose_layer(nn::zoo::make("cnn-tt", {.width = 8}), "auto").value, "relu6");
}

TEST(ChooseLayer, FollowsAResidualBlockToItsEnd) {
  const auto resnet = nn::zoo::make("resnet18", {.size = 64});
  EXPECT_EQ(choose_layer(resnet, "auto").value, "layer4.1.relu2");
  EXPECT_EQ(refusal(resnet, "conv-activation"),
            "no activation takes the output of the last convolution, 'layer4.1.conv2', directly; "
            "name a layer or use 'auto'");
}

TEST(ChooseLayer, WithoutAnActivationTakesTheConvolution) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 6, 6});
  x = g.max_pool2d("pool", g.conv2d("conv", x, {.out = 2, .padding = 1}));
  g.linear("head", g.flatten("flat", x), {.out = 2});
  EXPECT_EQ(choose_layer(g.build(1), "auto").value, "conv");
}

TEST(ChooseLayer, IgnoresConvolutionsOfOnePixel) {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 6, 6});
  x = g.relu("relu", g.conv2d("conv", x, {.out = 2, .padding = 1}));
  x = g.relu("late", g.conv2d("one", g.adaptive_avg_pool2d("pool", x), {.out = 3, .kernel = 1}));
  g.linear("head", g.flatten("flat", x), {.out = 2});
  EXPECT_EQ(choose_layer(g.build(1), "auto").value, "relu");
}

TEST(ChooseLayer, RefusesWhatHasNoPixels) {
  const auto net = smooth_net();
  EXPECT_THAT(refusal(net, "flat"), HasSubstr("the layer 'flat' has no pixels"));
  EXPECT_THAT(refusal(net, "act9"), HasSubstr("'act"));
  EXPECT_THAT(refusal(nn::zoo::make("mlp"), "auto"), HasSubstr("no layer of the network"));
}

TEST(SpatialLayers, ListWhatHasPixels) {
  const auto layers = spatial_layers(smooth_net());
  ASSERT_EQ(layers.size(), 6u);
  EXPECT_EQ(layers[0].value, "conv1");
  EXPECT_EQ(layers[0].channels, 3);
  EXPECT_EQ(layers[0].height, 5);
  EXPECT_EQ(layers.back().value, "act3");
}

}  // namespace
}  // namespace ranklens::explain
