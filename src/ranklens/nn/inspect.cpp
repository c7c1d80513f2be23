#include "ranklens/nn/inspect.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/tensor_bytes.h"

namespace ranklens::nn {
namespace {

std::vector<Shape> shapes_of(const std::vector<std::string>& values,
                             const std::map<std::string, Shape>& shapes) {
  std::vector<Shape> all;
  for (const auto& value : values) all.push_back(shapes.at(value));
  return all;
}

void require_countable(const Shape& shape, const std::string& what) {
  const auto numbers = base::array_bytes(shape, 1);
  base::require(numbers && *numbers <= kLargestValue,
                "{} would hold {} numbers, more than the {} that a value may have", what,
                fmt::join(shape, "x"), kLargestValue);
}

/// For each number that it puts out, an operator takes a row of its weight.
void require_countable_work(const NodeCost& cost, const WeightsByRole& weights) {
  const auto product = [](const Shape& shape, std::size_t first) {
    return std::accumulate(shape.begin() + static_cast<std::ptrdiff_t>(first), shape.end(), 1.0,
                           std::multiplies<>());
  };
  double numbers = 0, work = 1;
  for (const auto& shape : cost.outputs) numbers += product(shape, 0);
  for (const auto& [role, weight] : weights) {
    const auto shape = weight->shape();
    work = std::max(work, product(shape, std::min<std::size_t>(1, shape.size())));
  }
  base::require(numbers * work <= static_cast<double>(kMostMultiplyAdds),
                "node '{}' would take some {:.0e} multiply-adds, more than can be counted",
                cost.name, numbers * work);
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
    const bool bare = cost.weight.empty() && entry.weight->shape().size() > 1;
    if (!entry.weight.is_dense() || bare) cost.weight = entry.weight->spec();
    if (!entry.buffer && counted.insert(name).second) cost.parameters += entry.weight->parameters();
  }
  const auto inputs = shapes_of(node.inputs, shapes);
  require_countable_work(cost, weights);
  cost.multiply_adds =
      node.op->multiply_adds({.inputs = inputs, .outputs = cost.outputs, .weights = weights});
  return cost;
}

}  // namespace

std::map<std::string, ValueInfo> value_infos(const Graph& graph, std::int64_t batch) {
  std::map<std::string, ValueInfo> infos;
  for (const auto& input : graph.inputs()) {
    Shape shape = input.sample;
    shape.insert(shape.begin(), batch);
    require_countable(shape, "input '" + input.name + "'");
    infos[input.name] = {std::move(shape), input.type};
  }
  for (const auto& node : graph.nodes()) {
    std::vector<ValueInfo> inputs;
    for (const auto& value : node.inputs) inputs.push_back(infos.at(value));
    try {
      auto outputs = node.op->infer_values(inputs);
      for (std::size_t k = 0; k < outputs.size(); ++k) {
        require_countable(outputs[k].shape, "its output");
        infos[value_name(node.name, k)] = std::move(outputs[k]);
      }
    } catch (const base::Error& error) {
      base::fail("node '{}' does not fit: {}", node.name, error.what());
    }
  }
  for (const auto& output : graph.outputs())
    base::require(!infos.at(output).shape.empty(), "the output '{}' has no batch dimension",
                  output);
  return infos;
}

std::map<std::string, Shape> value_shapes(const Graph& graph, std::int64_t batch) {
  std::map<std::string, Shape> shapes;
  for (auto& [name, info] : value_infos(graph, batch)) shapes[name] = info.shape;
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

std::int64_t flops(const Network& network) {
  std::int64_t sum = 0;
  for (const auto& node : costs(network)) sum += 2 * node.multiply_adds;
  return sum;
}

}  // namespace ranklens::nn
