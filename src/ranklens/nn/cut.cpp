#include "ranklens/nn/cut.h"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/graph_data.h"
#include "ranklens/nn/inspect.h"

namespace ranklens::nn {
namespace {

/// The nodes that `wanted` values need when the values of `given` are there already, in execution
/// order; what they take from beyond `given` that no node computes goes to `open`.
std::vector<Node> needed_nodes(const Graph& graph, const std::vector<std::string>& wanted,
                               const std::set<std::string>& given, std::set<std::string>& open) {
  std::set<std::string> required(wanted.begin(), wanted.end());
  std::vector<Node> kept;
  const auto& nodes = graph.nodes();
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    bool used = false;
    for (std::size_t k = 0; k < node->op->outputs(); ++k) {
      const auto value = value_name(node->name, k);
      used = used || (required.contains(value) && !given.contains(value));
    }
    if (!used) continue;
    kept.push_back(*node);
    required.insert(node->inputs.begin(), node->inputs.end());
  }
  for (const auto& input : graph.inputs()) {
    if (required.contains(input.name) && !given.contains(input.name)) open.insert(input.name);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

State state_of(const std::vector<Node>& nodes, const State& state) {
  State part;
  for (const auto& node : nodes) {
    for (const auto& [role, entry] : node.weights) part.set(entry, state.at(entry));
  }
  return part;
}

Shape without_batch(const Shape& shape, const std::string& value) {
  base::require(!shape.empty(), "the network cannot be cut at '{}', which has no batch dimension",
                value);
  return {shape.begin() + 1, shape.end()};
}

}  // namespace

Cut cut_after(const Graph& graph, std::string_view node) {
  const auto& data = graph.data();
  std::size_t place = 0;  // nodes 0 .. place - 1 lie above the cut
  const bool is_input = std::any_of(data.inputs.begin(), data.inputs.end(),
                                    [&](const GraphInput& input) { return input.name == node; });
  if (!is_input) {
    graph.node(node);
    place = data.node_index.at(std::string(node)) + 1;
  }
  std::vector<bool> alive(data.values.size(), false);
  for (std::size_t k = place; k < data.nodes.size(); ++k) {
    for (const auto slot : data.input_slots[k]) alive[slot] = true;
  }
  for (const auto slot : data.output_slots) alive[slot] = true;
  const auto computed = place < data.nodes.size() ? data.first_output[place] : data.values.size();
  Cut cut;
  for (std::size_t slot = 0; slot < computed; ++slot) {
    if (alive[slot]) cut.push_back(data.values[slot]);
  }
  return cut;
}

std::optional<Cut> cut_before_use(const Graph& graph, const std::vector<std::string>& entries) {
  const auto& nodes = graph.nodes();
  const auto uses = [&](const Node& node) {
    return std::any_of(node.weights.begin(), node.weights.end(), [&](const auto& weight) {
      return std::find(entries.begin(), entries.end(), weight.second) != entries.end();
    });
  };
  const auto first = std::find_if(nodes.begin(), nodes.end(), uses);
  if (first == nodes.begin() || first == nodes.end()) return std::nullopt;
  return cut_after(graph, std::prev(first)->name);
}

Network with_outputs(const Network& network, const std::vector<std::string>& outputs) {
  for (const auto& value : outputs) network.graph.require_value(value);
  std::set<std::string> open;
  auto nodes = needed_nodes(network.graph, outputs, {}, open);
  auto state = state_of(nodes, network.state);
  return {Graph(network.graph.inputs(), std::move(nodes), outputs), std::move(state)};
}

Network head(const Network& network, const Cut& cut) { return with_outputs(network, cut); }

Network tail(const Network& network, const Cut& cut) {
  for (const auto& value : cut) network.graph.require_value(value);
  std::set<std::string> open;
  auto nodes = needed_nodes(network.graph, network.graph.outputs(), {cut.begin(), cut.end()}, open);
  base::require(
      open.empty(),
      "cutting at {{{}}} does not separate the outputs from the inputs: {} is still needed",
      fmt::join(cut, ", "), fmt::join(open, ", "));
  const auto infos = value_infos(network.graph);
  std::vector<GraphInput> inputs;
  for (const auto& value : cut) {
    const auto& info = infos.at(value);
    inputs.push_back({value, without_batch(info.shape, value), info.type});
  }
  auto state = state_of(nodes, network.state);
  return {Graph(std::move(inputs), std::move(nodes), network.graph.outputs()), std::move(state)};
}

}  // namespace ranklens::nn
