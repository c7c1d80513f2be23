#include "ranklens/nn/inspect.h"

#include <functional>
#include <numeric>
#include <set>

#include "ranklens/base/error.h"

namespace ranklens::nn {
namespace {

std::vector<Shape> shapes_of(const std::vector<std::string>& values,
                             const std::map<std::string, Shape>& shapes) {
  std::vector<Shape> all;
  for (const auto& value : values) all.push_back(shapes.at(value));
  return all;
}

std::vector<std::string> outputs_of(const Node& node) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < node.op->outputs(); ++k) names.push_back(value_name(node.name, k));
  return names;
}

NodeCost cost_of(const Node& node, const Network& network,
                 const std::map<std::string, Shape>& shapes, std::set<std::string>& counted) {
  NodeCost cost;
  cost.name = node.name;
  cost.kind = node.op->kind();
  cost.outputs = shapes_of(outputs_of(node), shapes);
  for (const auto& shape : cost.outputs) {
    cost.activation_bytes +=
        4 * std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  WeightsByRole weights;
  for (const auto& [role, name] : node.weights) {
    const auto& entry = network.state.at(name);
    weights.emplace(role, entry.weight);
    if (!entry.weight.is_dense()) cost.weight = entry.weight->spec();
    if (!entry.buffer && counted.insert(name).second) cost.parameters += entry.weight->parameters();
  }
  const auto inputs = shapes_of(node.inputs, shapes);
  cost.multiply_adds =
      node.op->multiply_adds({.inputs = inputs, .outputs = cost.outputs, .weights = weights});
  return cost;
}

}  // namespace

std::map<std::string, Shape> value_shapes(const Graph& graph, std::int64_t batch) {
  std::map<std::string, Shape> shapes;
  for (const auto& input : graph.inputs()) {
    Shape shape = input.sample;
    shape.insert(shape.begin(), batch);
    shapes[input.name] = shape;
  }
  for (const auto& node : graph.nodes()) {
    const auto inputs = shapes_of(node.inputs, shapes);
    try {
      const auto outputs = node.op->infer(inputs);
      for (std::size_t k = 0; k < outputs.size(); ++k)
        shapes[value_name(node.name, k)] = outputs[k];
    } catch (const base::Error& error) {
      base::fail("node '{}' does not fit: {}", node.name, error.what());
    }
  }
  return shapes;
}

std::vector<NodeCost> costs(const Network& network, std::int64_t batch) {
  const auto shapes = value_shapes(network.graph, batch);
  std::set<std::string> counted;
  std::vector<NodeCost> all;
  for (const auto& node : network.graph.nodes())
    all.push_back(cost_of(node, network, shapes, counted));
  return all;
}

}  // namespace ranklens::nn
