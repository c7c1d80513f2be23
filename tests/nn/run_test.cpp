#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/cut.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/network.h"
#include "ranklens/nn/rewrite.h"
#include "ranklens/nn/zoo/zoo.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/normal.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::close;
using ranklens::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Network small_cnn() {
  GraphBuilder g;
  auto x = g.input("image", {2, 8, 8});
  x = g.batch_norm("bn", g.relu("relu", g.conv2d("conv", x, {.out = 3, .padding = 1})));
  x = g.dropout("drop", g.max_pool2d("pool", x), 0.5);
  g.linear("fc", g.flatten("flatten", x), {.out = 4});
  return g.build(11);
}

TEST(Run, AgreesWithTheSameCallsByHand) {
  const auto net = small_cnn();
  const auto& s = net.state;
  const auto x = testing::normal_float({5, 2, 8, 8});
  auto y = at::relu(at::conv2d(x, s.tensor("conv.weight"), s.tensor("conv.bias"), 1, 1));
  const auto relu = y;
  y = at::batch_norm(y, s.tensor("bn.weight"), s.tensor("bn.bias"), s.tensor("bn.running_mean"),
                     s.tensor("bn.running_var"), false, 0.1, 1e-5, false);
  y = at::linear(at::max_pool2d(y, 2).flatten(1), s.tensor("fc.weight"), s.tensor("fc.bias"));
  const auto result = net.run(x, {.want = {"relu", "fc"}});
  EXPECT_TRUE(close(result.output(), y));
  EXPECT_TRUE(close(result.taps.at("relu"), relu));
  EXPECT_TRUE(at::equal(result.taps.at("fc"), result.output()));
  EXPECT_THAT(error_of([&] { net.run(x, {.want = {"rellu"}}); }), HasSubstr("nearest: 'relu'"));
}

TEST(Run, TrainingReportsRunningStatisticsAndChangesNothing) {
  auto net = small_cnn();
  const auto x = testing::normal_float({6, 2, 8, 8});
  const base::Stream random(1, "dropout");
  const auto before = net.clone();
  const auto result = net.run(x, {.mode = Mode::train, .random = &random});
  for (const auto& [name, tensor] : before.state.tensors()) {
    EXPECT_TRUE(at::equal(tensor, net.state.tensor(name))) << name;
  }
  auto mean = at::zeros({3}), var = at::ones({3});
  const auto y =
      at::relu(at::conv2d(x, net.state.tensor("conv.weight"), net.state.tensor("conv.bias"), 1, 1));
  at::batch_norm(y, {}, {}, mean, var, true, 0.1, 1e-5, false);
  net.state.apply(result.change);
  EXPECT_TRUE(close(net.state.tensor("bn.running_mean"), mean));
  EXPECT_TRUE(close(net.state.tensor("bn.running_var"), var));
  EXPECT_TRUE(
      net.run(x, {.mode = Mode::train, .batch_norm = BatchNormMode::frozen, .random = &random})
          .change.empty());
}

TEST(Run, DropoutMaskCanBeReplayedAndKeepsTheMean) {
  GraphBuilder g;
  g.dropout("drop", g.input("x", {20000}), 0.25);
  const auto net = g.build(0);
  const auto x = at::ones({1, 20000});
  const base::Stream one(1, "dropout"), two(2, "dropout");
  const RunOptions first{.mode = Mode::train, .random = &one},
      second{.mode = Mode::train, .random = &two};
  EXPECT_TRUE(at::equal(net.run(x, first).output(), net.run(x, first).output()));
  EXPECT_FALSE(at::equal(net.run(x, first).output(), net.run(x, second).output()));
  EXPECT_NEAR(net.run(x, first).output().mean().item<double>(), 1, 0.02);
  EXPECT_TRUE(at::equal(net(x), x));
  EXPECT_THAT(error_of([&] { net.run(x, {.mode = Mode::train}); }),
              HasSubstr("needs a random stream"));
}

TEST(Run, SharedWeightsAddTheirGradients) {
  GraphBuilder g;
  const auto a = g.input("a", {3}), b = g.input("b", {3});
  const auto op = make_operator("linear", {{"in", 3}, {"out", 2}, {"bias", false}});
  const auto left = g.add("left", op, {a}, {});
  const auto right = g.add("right", op, {b}, {{"weight", {.share = "left.weight"}}});
  g.add("sum", left, right);
  const auto net = g.build(5);
  EXPECT_EQ(net.state.parameters(), 6);
  const Network leaves{net.graph, net.state.as_leaves()};
  const auto x = testing::normal_float({4, 3}, "a"), y = testing::normal_float({4, 3}, "b");
  const auto w = leaves.state.tensor("left.weight");
  const auto gradient = torch::autograd::grad({leaves.run({x, y}).output().sum()}, {w}).front();
  EXPECT_TRUE(close(gradient, (x + y).sum(0).expand({2, 3})));
}

TEST(Run, NodesMayHaveSeveralOutputs) {
  GraphBuilder g;
  const auto x = g.input("x", {5});
  g.add("split", make_operator("split", {{"sizes", {2, 3}}, {"dim", 1}}), {x});
  const auto joined = g.concat("joined", {g.value("split:1"), g.value("split")});
  const auto net = g.build(0, {"joined", "split:1"});
  const auto data = testing::normal_float({2, 5});
  const auto result = net.run(data);
  EXPECT_TRUE(at::equal(result.outputs[1], data.narrow(1, 2, 3)));
  EXPECT_TRUE(at::equal(result.output().narrow(1, 3, 2), data.narrow(1, 0, 2)));
}

TEST(Run, GenericNodeCallsTheOperatorBySchemaAndDifferentiates) {
  GraphBuilder g;
  const auto x = g.input("x", {5});
  const nlohmann::json input{{"input", 0}};
  g.add("silu", make_operator("aten", {{"operator", "aten::silu"}, {"arguments", {input}}}), {x});
  const auto net = g.build(0);
  const auto data = testing::normal_float({2, 5}).requires_grad_();
  EXPECT_TRUE(at::equal(net(data), at::silu(data)));
  const auto sigmoid = data.sigmoid();
  EXPECT_TRUE(close(torch::autograd::grad({net(data).sum()}, {data}).front(),
                    sigmoid * (1 + data * (1 - sigmoid))));
  const auto refuse = [](const char* name) {
    return error_of([&] {
      make_operator("aten", {{"operator", name}, {"arguments", nlohmann::json::array()}});
    });
  };
  EXPECT_THAT(refuse("aten::relu_"), HasSubstr("changes its arguments"));
  EXPECT_THAT(refuse("aten::from_file"), HasSubstr("is not among those"));
}

/// x + 1, and how many of the values that operators of this kind made before are still alive.
class Watch final : public Operator {
 public:
  struct Seen {
    std::vector<c10::weak_intrusive_ptr<c10::TensorImpl>> values;
    std::vector<std::ptrdiff_t> alive;
  };
  explicit Watch(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
  std::string_view kind() const override { return "watch"; }
  nlohmann::json options() const override { return {}; }
  std::vector<at::Tensor> run(const Call& call) const override {
    const auto& values = seen_->values;
    seen_->alive.push_back(std::count_if(values.begin(), values.end(),
                                         [](const auto& value) { return !value.expired(); }));
    const auto y = call.input() + 1;
    seen_->values.emplace_back(y.getIntrusivePtr());
    return {y};
  }

 private:
  std::shared_ptr<Seen> seen_;
};

TEST(Run, FreesIntermediateValuesAtTheirLastUse) {
  const auto seen = std::make_shared<Watch::Seen>();
  const auto watch = std::make_shared<Watch>(seen);
  GraphBuilder g;
  auto x = g.input("x", {10});
  for (int k = 0; k < 8; ++k) x = g.add("step" + std::to_string(k), watch, {x});
  // A skip connection: the value of step 2 is used again at the end.
  g.add("sum", g.value("step2"), x);
  const auto net = g.build(0);
  const c10::NoGradGuard no_grad;
  const auto result = net.run(testing::normal_float({3, 10}), {.want = {"step4"}});
  // Its input, from step 4 on also that of step 2, from step 6 on also the wanted one of step 4.
  EXPECT_THAT(seen->alive, ElementsAre(0, 1, 1, 1, 2, 2, 3, 3));
}

TEST(Cut, SkipConnectionIsPartOfTheSet) {
  const auto net = zoo::resnet18({.channels = 3, .size = 32, .classes = 10, .seed = 1});
  EXPECT_THAT(cut_after(net.graph, "layer2.0.conv1"),
              ElementsAre("layer1.1.relu2", "layer2.0.conv1"));
  EXPECT_THAT(cut_after(net.graph, "layer2.0.relu2"), ElementsAre("layer2.0.relu2"));
  EXPECT_THAT(cut_after(net.graph, "image"), ElementsAre("image"));
}

// Up to the first node that uses an entry, whoever else uses it; a skip connection past it is part
// of what the rest takes.
TEST(Cut, BeforeTheFirstUse) {
  const auto net = zoo::resnet18({.channels = 3, .size = 32, .classes = 10, .seed = 1});
  EXPECT_THAT(cut_before_use(net.graph, {"layer2.0.conv2.weight"}).value(),
              ElementsAre("layer1.1.relu2", "layer2.0.relu1"));
  EXPECT_THAT(cut_before_use(net.graph, {"fc.weight", "layer4.1.conv1.weight"}).value(),
              ElementsAre("layer4.0.relu2"));
  EXPECT_FALSE(cut_before_use(net.graph, {"fc.weight", "conv1.weight"}));
  EXPECT_FALSE(cut_before_use(net.graph, {"none"}));
}

TEST(Cut, HeadThenTailIsTheWholeNetwork) {
  const auto net = zoo::resnet18({.channels = 3, .size = 32, .classes = 10, .seed = 1});
  const auto x = testing::normal_float({2, 3, 32, 32});
  const c10::NoGradGuard no_grad;
  const auto whole = net(x);
  for (const char* layer : {"conv1", "layer1.0.relu1", "layer3.0.conv2", "layer4.1.add", "fc"}) {
    const auto cut = cut_after(net.graph, layer);
    EXPECT_TRUE(at::equal(tail(net, cut).run(head(net, cut).run(x).outputs).output(), whole))
        << layer;
  }
  EXPECT_THAT(error_of([&] { tail(net, {"layer2.0.conv1"}); }), HasSubstr("image is still needed"));
}

TEST(Cut, HeadDropsTheStateItDoesNotNeed) {
  const auto net = small_cnn();
  const auto part = head(net, {"relu"});
  EXPECT_THAT(part.state.names(), ::testing::UnorderedElementsAre("conv.weight", "conv.bias"));
}

TEST(Rewrite, ReplacesOperatorsInACopy) {
  const auto net = small_cnn();
  const auto gelu = replace_operators(net, "relu", make_operator("gelu", nlohmann::json::object()));
  EXPECT_EQ(gelu.graph.node("relu").op->kind(), "gelu");
  EXPECT_EQ(net.graph.node("relu").op->kind(), "relu");
}

TEST(Check, NamesMissingAndMisshapenWeights) {
  const auto net = small_cnn();
  State state;
  for (const auto& name : net.state.names()) {
    if (name != "fc.bias") state.set(name, net.state.at(name));
  }
  EXPECT_THAT(error_of([&] { check(net.graph, state); }), HasSubstr("'fc.bias', which is missing"));
  state.set("fc.bias", {.weight = Weight(at::zeros({5}))});
  EXPECT_THAT(error_of([&] { check(net.graph, state); }),
              HasSubstr("has shape 5, but node 'fc' needs 4"));
}

TEST(Builder, FailsWhereAShapeIsWrong) {
  GraphBuilder g;
  const auto x = g.input("image", {2, 8, 8});
  EXPECT_THAT(error_of([&] { g.conv2d("conv", x, {.out = 3, .kernel = 11}); }),
              HasSubstr("'conv'"));
  EXPECT_THAT(error_of([&] { g.add("sum", x, g.relu("r", g.max_pool2d("pool", x))); }),
              HasSubstr("'sum'"));
}

TEST(Builder, ANetworkThatNoMachineHoldsIsRefusedUndrawn) {
  GraphBuilder g;
  const auto x = g.input("image", {1 << 20});
  const auto wide = g.linear("wide", x, {.out = 1 << 28});
  EXPECT_THAT(error_of([&] { g.build(1); }),
              HasSubstr("a network of 281475245146112 numbers takes 1.1 PB of memory"));
  GraphBuilder factors;
  const auto y = factors.input("image", {1 << 20});
  factors.linear("wide", y, {.out = 1 << 10, .bias = false, .weight = "low_rank(r=1)"});
  EXPECT_EQ(factors.build(1).state.parameters(), (1 << 20) + (1 << 10));
}

TEST(Costs, CountParametersMultiplyAddsAndBytes) {
  const auto net = small_cnn();
  const auto all = costs(net, 2);
  EXPECT_EQ(all[0].parameters, 3 * 2 * 9 + 3);
  EXPECT_EQ(all[0].multiply_adds, 2 * 64 * 3 * 2 * 9);
  EXPECT_EQ(all[0].activation_bytes, 2 * 3 * 64 * 4);
  EXPECT_EQ(all[2].parameters, 6);
  EXPECT_EQ(all.back().multiply_adds, 2 * 4 * 48);
  EXPECT_EQ(all[0].weight, "dense");
  EXPECT_EQ(all[2].weight, "") << "a batch norm's are no matrix";
}

}  // namespace
}  // namespace ranklens::nn
