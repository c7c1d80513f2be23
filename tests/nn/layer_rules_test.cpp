#include "ranklens/nn/layer_rules.h"

#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/zoo/zoo.h"

#include "testing/expect_error.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::expect_error;

TEST(LayerRules, AreReadInOrderAndTheFirstThatMatchesCounts) {
  const auto rules = parse_layer_rules(" conv1: dense; conv*: low_rank(r=4) ;head:tt(r=2); ");
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_TRUE(rule_for(rules, "conv1")->spec.is_dense());
  EXPECT_EQ(to_string(rule_for(rules, "conv2")->spec), "low_rank(r=4)");
  EXPECT_EQ(rule_for(rules, "head")->spec.format, WeightSpec::Format::tt);
  EXPECT_EQ(rule_for(rules, "classifier"), nullptr);
  EXPECT_TRUE(parse_layer_rules("").empty());
  EXPECT_THROW(parse_layer_rules("conv1"), base::Error);
  EXPECT_THROW(parse_layer_rules(": dense"), base::Error);
}

TEST(LayerRules, PatternsAgainstRegularExpressionsByHand) {
  EXPECT_TRUE(matches("*", "anything"));
  EXPECT_TRUE(matches("conv*", "conv1"));
  EXPECT_TRUE(matches("layer?.*.conv2", "layer3.0.conv2"));
  EXPECT_TRUE(matches("*a*b", "xaybzab"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
  EXPECT_FALSE(matches("conv?", "conv12"));
  EXPECT_FALSE(matches("*a*b", "xaybzac"));
  EXPECT_FALSE(matches("conv", "conv1"));
}

TEST(LayerRules, StoreTheLayersOfABuiltInNetwork) {
  const zoo::Options plain{.seed = 3};
  auto options = plain;
  options.layers = "conv2: low_rank(r=5); head: low_rank(r=7)";
  const auto dense = zoo::lenet5(plain), stored = zoo::lenet5(options);
  EXPECT_EQ(stored.state.at("conv2.weight").weight->spec(), "low_rank(r=5)");
  EXPECT_EQ(stored.state.at("head.weight").weight->spec(), "low_rank(r=7)");
  // r (m + n) numbers instead of m n each, and nothing else changes.
  EXPECT_EQ(dense.state.parameters() - stored.state.parameters(),
            50 * 500 - 5 * 550 + 500 * 800 - 7 * 1300);
  EXPECT_TRUE(
      at::equal(dense.state.tensor("classifier.weight"), stored.state.tensor("classifier.weight")));
  // Entries vary as those of the dense weight, whose variance is 1 / (3 fan_in).
  const auto entries = stored.state.at("head.weight").weight->dense();
  EXPECT_NEAR(entries.square().mean().item<double>() * 3 * 800, 1, 0.5);
}

TEST(LayerRules, StandBeforeTheFormatOfANetworksOwn) {
  const auto network = zoo::cnn_tt({.width = 8, .layers = "head*: low_rank(r=3)"});
  EXPECT_EQ(network.state.at("head.weight").weight->spec(), "low_rank(r=3)");
  EXPECT_EQ(network.state.at("head2.weight").weight->spec(), "low_rank(r=3)");
}

TEST(LayerRules, AreRefusedWhereTheyDoNotFit) {
  const auto made = [](const char* layers) { return [=] { zoo::lenet5({.layers = layers}); }; };
  expect_error(made("hed: low_rank(r=2)"), "nearest: 'head'");
  expect_error(made("conv1: low_rank(r=21)"), "layer 'conv1': rank 21 is above 20");
  expect_error(made("relu1: low_rank(r=2)"), "no layer that can be stored in factors");
}

// Every matrix and every kernel, but a depthwise one: it has no channels to cut between.
TEST(LayerRules, EveryBuiltInNetworkTakesThem) {
  for (const auto& one : zoo::list()) {
    if (one.name == "mps-classifier") continue;  // its state is a train already
    zoo::Options options{.layers = "*: low_rank(ratio=0.5)"};
    if (one.name.starts_with("cnn")) options.width = 8;
    const auto network = zoo::make(one.name, options);
    for (const auto& node : network.graph.nodes()) {
      const auto kind = node.op->kind();
      if (kind != "linear" && kind != "conv2d") continue;
      const bool depthwise = node.op->options().value("groups", 1) > 1;
      EXPECT_EQ(network.state.at(node.weights.at("weight")).weight->kind(),
                depthwise ? "dense" : "low_rank")
          << one.name << " " << node.name;
    }
  }
}

/// A layer as a matrix: a kernel's window counts among its inputs.
struct StoredLayer {
  std::string name;
  std::int64_t rank, outputs, inputs;
};

struct LargeNetwork {
  std::string name;
  std::vector<StoredLayer> stored;
};

void expect_stored(const LargeNetwork& one, const Network& network) {
  for (const auto& [layer, rank, outputs, inputs] : one.stored) {
    const auto& weight = network.state.at(layer + ".weight").weight;
    EXPECT_EQ(weight->spec(), fmt::format("low_rank(r={})", rank)) << one.name << " " << layer;
    EXPECT_EQ(weight->parameters(), rank * (outputs + inputs)) << one.name << " " << layer;
  }
}

// The largest r, by hand, whose r (m + n) numbers are at most a tenth of m n.
TEST(LayerRules, KeepATenthOfEachLayerOfALargeNetwork) {
  const std::string all = "*: low_rank(ratio=0.1)";
  const StoredLayer conv1{"conv1", 1, 64, 3 * 9}, vgg_fc1{"fc1", 45, 4096, 512},
      fc2{"fc2", 204, 4096, 4096}, classes{"classifier", 9, 100, 4096};
  const auto last = [](const char* conv) { return StoredLayer{conv, 46, 512, 512 * 9}; };
  const std::vector<LargeNetwork> networks{
      {"vgg11", {conv1, {"conv2", 10, 128, 64 * 9}, last("conv8"), vgg_fc1, fc2, classes}},
      {"vgg13", {conv1, {"conv2", 5, 64, 64 * 9}, last("conv10"), vgg_fc1, fc2, classes}},
      {"vgg16", {conv1, {"conv7", 23, 256, 256 * 9}, last("conv13"), vgg_fc1, fc2, classes}},
      {"vgg19", {conv1, {"conv8", 23, 256, 256 * 9}, last("conv16"), vgg_fc1, fc2, classes}},
      {"alexnet-cifar",
       {conv1, {"conv3", 31, 384, 192 * 9}, {"fc1", 81, 4096, 256 * 2 * 2}, fc2, classes}},
      {"resnet50",
       {{"conv1", 4, 64, 3 * 49},
        {"layer1.0.conv1", 3, 64, 64},
        last("layer4.0.conv2"),
        {"layer4.0.downsample.0", 68, 2048, 1024},
        {"fc", 9, 100, 2048}}}};
  for (const auto& one : networks)
    expect_stored(one, zoo::make(one.name, {.classes = 100, .layers = all}));
  // A tenth of 10 x 4096 numbers is less than 10 + 4096.
  expect_error([&] { zoo::vgg11({.layers = all}); },
               "layer 'classifier': even at rank 1 a weight of shape 10x4096 keeps 4106 numbers");
}

// Those named have r (m + n) numbers in place of m n, and nothing else changes.
TEST(LayerRules, ChooseLayersOfALargeNetwork) {
  struct Case {
    LargeNetwork network;
    const char* layers;
    std::int64_t dense;  ///< numbers without rules
  };
  std::vector<StoredLayer> wide;
  for (int k = 10; k <= 16; ++k) wide.push_back({fmt::format("conv{}", k), 32, 512, 512 * 9});
  const std::vector<Case> cases{
      {{"vgg11", {{"conv2", 8, 128, 64 * 9}, {"fc1", 16, 4096, 512}, {"fc2", 16, 4096, 4096}}},
       "conv2: low_rank(r=8); fc?: low_rank(r=16)",
       28146762},
      {{"vgg19", wide}, "conv1?: low_rank(r=32)", 38953418},
      {{"alexnet-cifar", {{"conv5", 16, 256, 256 * 9}, {"fc1", 409, 4096, 256 * 2 * 2}}},
       "fc1: low_rank(ratio=0.5); *5: low_rank(r=16)",
       23273418},
      {{"resnet50",
        {{"layer4.0.conv2", 32, 512, 512 * 9},
         {"layer4.1.conv2", 32, 512, 512 * 9},
         {"layer4.2.conv2", 32, 512, 512 * 9},
         {"layer2.0.downsample.0", 24, 512, 256},
         {"fc", 64, 1000, 2048}}},
       "layer4.*.conv2: low_rank(r=32); layer2.*.downsample.?: low_rank(r=24); fc: low_rank(r=64)",
       25557032}};
  for (const auto& [network, layers, dense] : cases) {
    const auto made = zoo::make(network.name, {.layers = layers});
    expect_stored(network, made);
    auto numbers = dense;
    for (const auto& [layer, rank, m, n] : network.stored) numbers += rank * (m + n) - m * n;
    EXPECT_EQ(made.state.trainable_parameters(), numbers) << network.name;
  }
}

}  // namespace
}  // namespace ranklens::nn
