#include "ranklens/nn/operators/mps_classifier.h"

#include <numbers>

#include <ATen/ops/einsum.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/graph_json.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/nn/network.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::nn {
namespace {

using Map = MPSClassifierOptions::Map;
using ranklens::testing::close;
using ranklens::testing::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Network chain(const MPSClassifierOptions& options, Shape sample = {6}) {
  GraphBuilder g;
  g.mps_classifier("mps", g.input("x", std::move(sample)), options);
  return g.build(5);
}

at::Tensor pixels(at::IntArrayRef sizes) {
  return base::Stream(1, "test", "pixels").uniform(sizes, 0, 1, at::kFloat);
}

/// Of 6 sites with the label after 3 of them.
at::Tensor by_einsum(const Network& net, const at::Tensor& phi) {
  const auto core = [&](int k) { return net.state.tensor("mps.core." + std::to_string(k)); };
  const auto p = phi.unbind(1);
  auto state = at::ones({phi.size(0), 1}, phi.options());
  int site = 0;
  for (int k = 0; k < 3; ++k)
    state = at::einsum("na,asb,ns->nb", {state, core(k), p[static_cast<std::size_t>(site++)]});
  auto values = at::einsum("na,alb->nlb", {state, core(3)});
  for (int k = 4; k < 7; ++k)
    values = at::einsum("nla,asb,ns->nlb", {values, core(k), p[static_cast<std::size_t>(site++)]});
  return values.squeeze(2);
}

TEST(MPSClassifierNode, FeatureMaps) {
  const auto x = pixels({5, 6});
  const auto angle = x * (std::numbers::pi / 2);
  const auto cosine = chain({.classes = 3, .bond = 4}),
             linear = chain({.classes = 3, .bond = 4, .map = Map::linear});
  EXPECT_TRUE(close(cosine(x), by_einsum(cosine, at::stack({angle.cos(), angle.sin()}, -1))));
  EXPECT_TRUE(close(linear(x), by_einsum(linear, at::stack({1 - x, x}, -1))));
  const auto vectors = pixels({5, 6, 3});
  const auto given = chain({.classes = 3, .bond = 4, .map = Map::given}, {6, 3});
  EXPECT_TRUE(close(given(vectors), by_einsum(given, vectors)));
}

TEST(MPSClassifierNode, ScaledOutputsAreValuesAndExponents) {
  GraphBuilder g;
  g.mps_classifier("mps", g.input("x", {600}), {.classes = 3, .bond = 4, .scaled = true});
  const auto net = g.build(5, {"mps", "mps:1"});
  const auto result = net.run(pixels({2, 600}));
  ASSERT_EQ(result.outputs.size(), 2);
  EXPECT_EQ(result.outputs[0].sizes(), (Shape{2, 3}));
  EXPECT_EQ(result.outputs[1].sizes(), (Shape{2}));
  EXPECT_TRUE(result.outputs[0].isfinite().all().item<bool>());
  // Near the identity every site multiplies by cos + sin, 4 / pi on average: 1.27^600 is 2^207.
  EXPECT_GT(result.outputs[1].min().item<double>(), 150);
}

TEST(MPSClassifierNode, GradientsReachTheInputAndEveryCore) {
  const auto net = chain({.classes = 3, .bond = 4});
  const Network own{net.graph, net.state.to(at::kDouble).as_leaves()};
  const auto x = pixels({5, 6}).to(at::kDouble).requires_grad_();
  std::vector<at::Tensor> inputs{x};
  for (const auto& [name, tensor] : own.state.trainable()) inputs.push_back(tensor);
  ASSERT_EQ(inputs.size(), 8);
  const auto angle = x * (std::numbers::pi / 2);
  const auto found = torch::autograd::grad({own(x).pow(2).sum()}, inputs);
  const auto wanted = torch::autograd::grad(
      {by_einsum(own, at::stack({angle.cos(), angle.sin()}, -1)).pow(2).sum()}, inputs);
  for (std::size_t k = 0; k < found.size(); ++k)
    EXPECT_TRUE(close(found[k], wanted[k], 1e-10, 1e-12)) << k;
}

TEST(MPSClassifierNode, RunsInTheTypeOfItsCores) {
  auto net = chain({.classes = 3, .bond = 4});
  const auto wanted = net(pixels({5, 6}));
  net.state = net.state.to(at::kBFloat16);
  const auto found = net(pixels({5, 6}));
  EXPECT_EQ(found.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(close(found.to(at::kFloat), wanted, 0.05, 0.05));
}

TEST(MPSClassifierNode, RanksAreWhatBothSidesCanUse) {
  const auto net = chain({.classes = 3, .bond = 100}, {6});
  std::vector<std::int64_t> ranks;
  for (const auto& [name, tensor] : net.state.tensors()) ranks.push_back(tensor.size(2));
  EXPECT_THAT(ranks, ElementsAre(2, 4, 8, 8, 4, 2, 1));
  EXPECT_EQ(net.state.tensor("mps.core.3").sizes(), (Shape{8, 3, 8}));
  const auto cost = costs(net, 10).back();
  EXPECT_EQ(cost.parameters, 2 * (4 + 16 + 64) + 8 * 3 * 8);
  EXPECT_EQ(cost.multiply_adds, 10 * cost.parameters);
  // The label at an end: its bond to nothing is 1, and the bond before it no larger than its
  // classes.
  const auto last = chain({.classes = 3, .bond = 100, .label = 6});
  EXPECT_EQ(last.state.tensor("mps.core.6").sizes(), (Shape{3, 3, 1}));
}

TEST(MPSClassifierNode, FilesKeepIt) {
  const ranklens::testing::TemporaryFolder folder;
  for (const auto map : {Map::cosine, Map::linear}) {
    const auto net = chain({.classes = 3, .bond = 4, .label = 2, .map = map});
    EXPECT_EQ(to_json(graph_from_json(to_json(net.graph))), to_json(net.graph));
    write_model(folder / "model.safetensors", {.network = net});
    const auto again = read_model(folder / "model.safetensors").network;
    EXPECT_TRUE(at::equal(again(pixels({5, 6})), net(pixels({5, 6}))));
  }
}

// Training may find other ranks than those that a network was built with, below and above.
TEST(MPSClassifierNode, FilesKeepOtherRanks) {
  const ranklens::testing::TemporaryFolder folder;
  auto net = chain({.classes = 3, .bond = 4});
  const auto core = [&](int k, Shape shape) {
    net.state.replace("mps.core." + std::to_string(k), Weight(pixels(shape)));
  };
  core(2, {4, 2, 1});
  core(3, {1, 3, 7});
  core(4, {7, 2, 4});
  write_model(folder / "model.safetensors", {.network = net});
  const auto again = read_model(folder / "model.safetensors").network;
  EXPECT_TRUE(at::equal(again(pixels({5, 6})), net(pixels({5, 6}))));
  std::int64_t numbers = 0;
  for (const auto& one : net.state.tensors()) numbers += one.tensor.numel();
  EXPECT_EQ(costs(again, 10).back().multiply_adds, 10 * numbers);
  core(4, {6, 2, 4});
  EXPECT_THAT(error_of([&] { check(net.graph, net.state); }),
              HasSubstr("weight 'mps.core.4' begins with rank 6, but node 'mps' needs 7"));
  core(4, {7, 3, 4});
  EXPECT_THAT(error_of([&] { check(net.graph, net.state); }), HasSubstr("has shape 7x3x4"));
  core(4, {7, 2, 4});
  core(6, {2, 2, 2});
  EXPECT_THAT(error_of([&] { check(net.graph, net.state); }), HasSubstr("ends with rank 2, not 1"));
}

TEST(MPSClassifierNode, SaysWhatIsWrong) {
  const auto with = [](const nlohmann::json& changes) {
    nlohmann::json options{{"sites", 6}, {"classes", 3}};
    options.update(changes);
    return error_of([&] { make_operator("mps_classifier", options); });
  };
  EXPECT_EQ(with(nlohmann::json::object()), "");
  EXPECT_THAT(with({{"sites", 0}}), HasSubstr("from 1 to"));
  EXPECT_THAT(with({{"sites", std::int64_t{1} << 40}}), HasSubstr("from 1 to"));
  EXPECT_THAT(with({{"map", "cosin"}}), HasSubstr("nearest: 'cosine'"));
  EXPECT_THAT(with({{"features", 3}}), HasSubstr("gives 2 numbers a site"));
  EXPECT_THAT(with({{"label", 7}}), HasSubstr("after at most all 6"));
  EXPECT_THAT(with({{"bond", 0}}), HasSubstr("a bond from 1 to 8192, not 0"));
  EXPECT_THAT(with({{"bond", std::int64_t{1} << 60}}), HasSubstr("a bond from 1 to 8192"));
  EXPECT_THAT(with({{"classes", 70000}}), HasSubstr("classes from 1 to 65536, not 70000"));
  const auto net = chain({.classes = 3, .bond = 4});
  EXPECT_THAT(error_of([&] { net(pixels({5, 7})); }), HasSubstr("takes one number for each"));
}

}  // namespace
}  // namespace ranklens::nn
