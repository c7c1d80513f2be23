#include "ranklens/nn/graph_json.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/keys.h"
#include "ranklens/base/tensor_bytes.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/json_field.h"

namespace ranklens::nn {
namespace {

nlohmann::json node_to_json(const Node& node) {
  nlohmann::json json{{"name", node.name},
                      {"operator", std::string(node.op->kind())},
                      {"options", node.op->options()},
                      {"inputs", node.inputs}};
  if (!node.weights.empty()) json["weights"] = node.weights;
  return json;
}

Shape checked_sample(const nlohmann::json& json, const std::string& input) {
  const auto shape = field<Shape>(json, "shape", "input '" + input + "'");
  for (const auto size : shape) {
    base::require(size >= 1, "input '{}' of the graph has a size of {}", input, size);
  }
  const auto numbers = base::array_bytes(shape, 1);
  base::require(numbers && *numbers <= kLargestValue,
                "input '{}' of the graph has {} numbers, more than the {} that a value may have",
                input, fmt::join(shape, "x"), kLargestValue);
  return shape;
}

Node node_from_json(const nlohmann::json& json, std::size_t place) {
  const auto name = field<std::string>(json, "name", fmt::format("node {} of the graph", place));
  const auto where = "node '" + name + "'";
  base::check_keys(json, {"name", "operator", "options", "inputs", "weights"}, where);
  const auto kind = field<std::string>(json, "operator", where);
  Node node{name, nullptr, field<std::vector<std::string>>(json, "inputs", where), {}};
  try {
    node.op = make_operator(kind, json.value("options", nlohmann::json::object()));
  } catch (const base::Error& error) {
    base::fail("{}: {}", where, error.what());
  }
  if (json.contains("weights")) {
    node.weights = field<std::map<std::string, std::string>>(json, "weights", where);
  }
  return node;
}

}  // namespace

nlohmann::json to_json(const Graph& graph) {
  nlohmann::json json{{"inputs", nlohmann::json::array()},
                      {"nodes", nlohmann::json::array()},
                      {"outputs", graph.outputs()}};
  for (const auto& input : graph.inputs()) {
    json["inputs"].push_back({{"name", input.name}, {"shape", input.sample}});
  }
  for (const auto& node : graph.nodes()) json["nodes"].push_back(node_to_json(node));
  return json;
}

Graph graph_from_json(const nlohmann::json& json) {
  std::vector<GraphInput> inputs;
  for (const auto& input : list_field(json, "inputs", "the graph")) {
    const auto name = field<std::string>(input, "name", "an input of the graph");
    inputs.push_back({name, checked_sample(input, name)});
  }
  std::vector<Node> nodes;
  for (const auto& node : list_field(json, "nodes", "the graph")) {
    nodes.push_back(node_from_json(node, nodes.size()));
  }
  return {std::move(inputs), std::move(nodes),
          field<std::vector<std::string>>(json, "outputs", "the graph")};
}

}  // namespace ranklens::nn
