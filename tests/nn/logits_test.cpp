#include "ranklens/nn/logits.h"

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/builder.h"
#include "ranklens/nn/operators/activation.h"
#include "ranklens/nn/operators/aten_call.h"

namespace ranklens::nn {
namespace {

Network ending_in(const OperatorPtr& op) {
  GraphBuilder g;
  auto x = g.linear("head", g.input("x", {5}), {.out = 4});
  if (op) g.add("last", op, {x});
  return g.build(2);
}

OperatorPtr called(const char* name, const char* overload, const char* arguments) {
  return std::make_shared<AtenCall>(name, overload, nlohmann::json::parse(arguments));
}

TEST(Logits, AreWhatGoesIntoASoftmaxOverTheClasses) {
  const auto x = at::randn({3, 5});
  const auto expected = ending_in({})(x);
  for (const auto& op :
       {OperatorPtr(std::make_shared<Softmax>(-1)), OperatorPtr(std::make_shared<Softmax>(1)),
        called("aten::softmax", "int", R"([{"input": 0}, -1])"),
        called("aten::softmax", "int", R"([{"input": 0}, 1, null])")}) {
    const auto network = ending_in(op);
    ASSERT_NE(final_softmax(network.graph), nullptr) << op->options();
    EXPECT_EQ(logits_value(network.graph), "head");
    const auto logits = with_logits(network.graph);
    EXPECT_EQ(logits.nodes().size(), 1U);
    EXPECT_TRUE(run(logits, network.state, {x}).output().equal(expected));
    EXPECT_TRUE(network(x).allclose(expected.softmax(1))) << "the network itself is as it was";
  }
}

TEST(Logits, OtherEndsStayAsTheyAre) {
  for (const auto& op : {OperatorPtr(), OperatorPtr(std::make_shared<Softmax>(0)),
                         called("aten::log_softmax", "int", R"([{"input": 0}, 1])"),
                         called("aten::sigmoid", "", R"([{"input": 0}])")}) {
    const auto network = ending_in(op);
    EXPECT_EQ(final_softmax(network.graph), nullptr);
    EXPECT_EQ(logits_value(network.graph), network.graph.outputs().front());
    EXPECT_EQ(with_logits(network.graph).nodes().size(), network.graph.nodes().size());
  }
  const Graph handed_on({{.name = "x", .sample = {5}}}, {}, {"x"});
  EXPECT_EQ(final_softmax(handed_on), nullptr);
}

TEST(Logits, ProbabilitiesThatAreUsedElsewhereAreKept) {
  GraphBuilder g;
  auto x = g.linear("head", g.input("x", {5}), {.out = 4});
  auto p = g.softmax("p", x);
  g.relu("also", p);
  const auto network = g.build(2, {"p", "also"});
  const auto graph = with_logits(network.graph);
  EXPECT_EQ(graph.outputs(), (std::vector<std::string>{"head", "also"}));
  const auto input = at::randn({3, 5});
  EXPECT_TRUE(run(graph, network.state, {input}).outputs[1].equal(network.run(input).outputs[1]));
}

}  // namespace
}  // namespace ranklens::nn
