#include "ranklens/nn/untrained.h"

#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <gtest/gtest.h>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/init.h"
#include "ranklens/nn/weight_spec.h"

namespace ranklens::nn {
namespace {

/// One entry in each format, a batch norm, and a weight that two nodes share.
Network trained_net() {
  GraphBuilder g;
  auto x = g.input("image", {3, 8, 8});
  x = g.relu("relu", g.batch_norm("bn", g.conv2d("conv", x, {.out = 16, .padding = 1})));
  x = g.conv2d("tucker", x, {.out = 16, .padding = 1, .weight = "tucker(r=4x5)"});
  x = g.conv2d("cp", x, {.out = 16, .padding = 1, .weight = "cp(r=6)"});
  x = g.linear("low", g.flatten("flat", x), {.out = 64, .weight = "low_rank(r=3)"});
  x = g.linear("tt", x, {.out = 64, .weight = "tt(out=4x4x4,in=4x4x4,r=3)"});
  x = g.linear("one_core", x, {.out = 64, .weight = "tt(out=64,in=64,r=1)"});
  const auto op = make_operator("linear", {{"in", 64}, {"out", 64}, {"bias", false}});
  x = g.add("first", op, {x}, {});
  g.add("second", op, {x}, {{"weight", {.share = "first.weight"}}});
  auto net = g.build(5);
  net.state = net.state.map([](const at::Tensor& tensor) { return tensor + 7; });
  return net;
}

TEST(Untrained, DrawsEveryEntryInItsFormat) {
  const auto net = trained_net();
  const auto fresh = untrained(net, 3);
  EXPECT_EQ(&fresh.graph.data(), &net.graph.data());
  ASSERT_EQ(fresh.state.names(), net.state.names());
  for (const auto& name : net.state.names()) {
    const auto &old = net.state.at(name), &now = fresh.state.at(name);
    EXPECT_EQ(now.weight->spec(), old.weight->spec()) << name;
    EXPECT_EQ(now.buffer, old.buffer) << name;
    // All that was moved by 7 is back about 0, or, of a batch norm, at 0 and 1.
    EXPECT_LT(now.weight->dense().abs().max().item<double>(), 3) << name;
  }
  EXPECT_TRUE(at::equal(fresh.state.tensor("bn.running_var"),
                        at::full_like(fresh.state.tensor("bn.running_var"), 1)));
  EXPECT_EQ(fresh.state.tensor("bn.running_mean").abs().max().item<double>(), 0);
}

TEST(Untrained, IsTheSeedsAndKeepsTypes) {
  auto net = trained_net();
  net.state = net.state.to(at::kDouble);
  const auto one = untrained(net, 3), again = untrained(net, 3), other = untrained(net, 4);
  EXPECT_EQ(one.state.tensor("conv.weight").scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(one.state.tensor("conv.weight"), again.state.tensor("conv.weight")));
  EXPECT_FALSE(at::equal(one.state.tensor("conv.weight"), other.state.tensor("conv.weight")));
  EXPECT_FALSE(at::equal(one.state.tensor("conv.weight"), net.state.tensor("conv.weight")));
}

// A train of one core has no ranks, but a spec cannot be read without one.
TEST(Untrained, SpecsOfTrainsOfAnyNumberOfCoresAreRead) {
  for (const char* text :
       {"tt(out=6,in=12,r=1)", "tt(out=2x3,in=4x3,r=5)", "tt(out=1x2x3,in=3x2x2,r=3x4)"}) {
    const base::Stream stream(1, "init", "w");
    const auto weight = initialise({6, 12}, parse_weight_spec(text), {}, stream);
    EXPECT_EQ(weight->spec(), text);
    const auto read = parse_weight_spec(weight->spec());
    EXPECT_EQ(stored_numbers(resolve(read, {6, 12}), {6, 12}), weight->parameters()) << text;
  }
}

// Training may have found other ranks than those that the graph was built with.
TEST(Untrained, KeepsTheRanksOfMatrixProductStates) {
  GraphBuilder g;
  g.mps_classifier("mps", g.input("x", {6}), {.classes = 3, .bond = 4});
  const auto built = g.build(5);
  auto net = built;
  const auto core = [&](int k, const Shape& shape) {
    const base::Stream stream(9, "test", std::to_string(k));
    net.state.replace("mps.core." + std::to_string(k),
                      initialise(shape, {}, {.kind = Init::Kind::normal, .std = 5}, stream));
  };
  core(2, {4, 2, 1});
  core(3, {1, 3, 7});
  core(4, {7, 2, 4});
  const auto fresh = untrained(net, 5);
  EXPECT_NO_THROW(check(fresh.graph, fresh.state));
  for (int k = 0; k < 7; ++k) {
    const auto name = "mps.core." + std::to_string(k);
    const auto &now = fresh.state.tensor(name), &old = net.state.tensor(name);
    EXPECT_EQ(now.sizes(), old.sizes()) << name;
    // Of the other ranks by the operator's default, too; the rest is as the seed began.
    EXPECT_LT(now.abs().max().item<double>(), 3) << name;
    EXPECT_EQ(at::equal(now, old), k < 2 || k > 4) << name;
  }
  EXPECT_NE(built.state.tensor("mps.core.3").sizes(), fresh.state.tensor("mps.core.3").sizes());
}

// As a built-in network starts: PyTorch's default is what both draw.
TEST(Untrained, OfAFreshNetworkIsThatNetwork) {
  GraphBuilder g;
  auto x = g.input("x", {6});
  g.linear("head", g.linear("low", x, {.out = 8, .weight = "low_rank(r=3)"}), {.out = 4});
  const auto net = g.build(11);
  const auto fresh = untrained(net, 11);
  for (const auto& [name, tensor] : net.state.tensors()) {
    const auto again = fresh.state.tensors();
    const auto same = std::find_if(again.begin(), again.end(),
                                   [&, n = name](const NamedTensor& t) { return t.name == n; });
    ASSERT_NE(same, again.end()) << name;
    EXPECT_TRUE(at::equal(same->tensor, tensor)) << name;
  }
}

}  // namespace
}  // namespace ranklens::nn
