#include "ranklens/nn/graph.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "testing/expect_error.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;

OperatorPtr relu() { return make_operator("relu", nlohmann::json::object()); }
OperatorPtr plus() { return make_operator("add", nlohmann::json::object()); }

Node node(const char* name, OperatorPtr op, std::vector<std::string> inputs) {
  return {name, std::move(op), std::move(inputs), {}};
}

std::string fault(std::vector<Node> nodes, std::vector<std::string> outputs) {
  return error_of([&] { Graph({{"x", {3}}}, std::move(nodes), std::move(outputs)); });
}

TEST(Graph, NamesWhatIsWrong) {
  EXPECT_EQ(fault({node("a", relu(), {"x"})}, {"a"}), "");
  EXPECT_THAT(fault({node("a", relu(), {"y"})}, {"a"}),
              HasSubstr("'y', which nothing computes; nearest: 'x'"));
  EXPECT_THAT(fault({node("a", relu(), {"b"}), node("b", relu(), {"a"})}, {"b"}),
              HasSubstr("cyclic"));
  EXPECT_THAT(fault({node("a", relu(), {"b"}), node("b", relu(), {"x"})}, {"a"}),
              HasSubstr("only after it"));
  EXPECT_THAT(fault({node("a", relu(), {"x"}), node("a", relu(), {"x"})}, {"a"}),
              HasSubstr("two values"));
  EXPECT_THAT(fault({node("a", plus(), {"x"})}, {"a"}), HasSubstr("takes 2 inputs, not 1"));
  EXPECT_THAT(fault({node("a", relu(), {"x"})}, {"b"}), HasSubstr("'b', which nothing computes"));
  EXPECT_THAT(fault({node("a:1", relu(), {"x"})}, {"a:1"}), HasSubstr("cannot be the name"));
  EXPECT_THAT(fault({node("a", relu(), {"x"})}, {}), HasSubstr("no output"));
}

TEST(Graph, FindsLayersByNameOrNamesTheNearest) {
  const Graph graph({{"x", {3}}}, {node("conv1", relu(), {"x"}), node("conv2", relu(), {"conv1"})},
                    {"conv2"});
  EXPECT_EQ(graph.node("conv2").inputs.front(), "conv1");
  EXPECT_EQ(error_of([&] { graph.node("conv9"); }),
            "layer 'conv9' does not exist; nearest: 'conv1', 'conv2'");
  EXPECT_EQ(graph.producer("x"), nullptr);
}

TEST(Operators, AreReadFromOptionsStrictly) {
  EXPECT_THAT(error_of([] { make_operator("conv2", {}); }), HasSubstr("nearest: 'conv2d'"));
  EXPECT_THAT(error_of([] { make_operator("dropout", {{"q", 0.5}}); }),
              HasSubstr("no option 'q'; nearest: 'p'"));
  EXPECT_THAT(error_of([] { make_operator("dropout", {{"p", "half"}}); }), HasSubstr("wrong type"));
  EXPECT_THAT(error_of([] { make_operator("linear", {{"in", 0}, {"out", 3}}); }),
              HasSubstr("at least one"));
  for (const auto& kind : operator_kinds()) {
    if (kind == "aten") continue;
    nlohmann::json options = nlohmann::json::object();
    if (kind == "conv2d" || kind == "linear") options = {{"in", 2}, {"out", 3}};
    if (kind == "batch_norm" || kind == "layer_norm") options = {{"features", 2}};
    if (kind == "normalise") options = {{"mean", {0.5}}, {"std", {0.25}}};
    if (kind == "embedding") options = {{"rows", 5}, {"columns", 2}};
    if (kind == "mps_classifier") options = {{"sites", 4}, {"classes", 3}, {"scaled", true}};
    if (kind == "split") options = {{"sizes", {1, 2}}};
    const auto op = make_operator(kind, options);
    EXPECT_EQ(make_operator(kind, op->options())->options(), op->options()) << kind;
  }
}

}  // namespace
}  // namespace ranklens::nn
