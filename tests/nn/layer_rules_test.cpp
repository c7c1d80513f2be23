#include "ranklens/nn/layer_rules.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

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

TEST(LayerRules, EveryBuiltInNetworkTakesThem) {
  for (const auto& one : zoo::list()) {
    if (one.name == "mps-classifier") continue;  // its state is a train already
    zoo::Options options;
    if (one.name.starts_with("vgg") || one.name.starts_with("alexnet")) continue;  // large
    if (one.name == "resnet50" || one.name == "efficientnet-lite0") continue;
    options.layers = "*: low_rank(ratio=0.5)";
    if (one.name.starts_with("cnn")) options.width = 8;
    const auto network = zoo::make(one.name, options);
    for (const auto& node : network.graph.nodes()) {
      const auto kind = node.op->kind();
      if (kind != "linear" && kind != "conv2d") continue;
      EXPECT_EQ(network.state.at(node.weights.at("weight")).weight->kind(), "low_rank")
          << one.name << " " << node.name;
    }
  }
}

}  // namespace
}  // namespace ranklens::nn
