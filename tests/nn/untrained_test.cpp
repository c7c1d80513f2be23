#include "ranklens/nn/untrained.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>
#include <gtest/gtest.h>

#include "ranklens/nn/builder.h"

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
