#include "ranklens/nn/graph.h"

#include <set>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/nn/graph_data.h"

namespace ranklens::nn {
namespace {

void check_name(const std::string& name) {
  base::require(!name.empty() && name.find(':') == std::string::npos,
                "'{}' cannot be the name of a node: it must not be empty or hold a colon", name);
}

/// Whether `node` can be reached from itself along "takes its input from".
bool in_cycle(const std::vector<Node>& nodes, const std::string& start) {
  std::map<std::string, const Node*> by_name;
  for (const auto& node : nodes) by_name[node.name] = &node;
  std::set<std::string> seen;
  std::vector<std::string> open{start};
  while (!open.empty()) {
    const auto name = open.back();
    open.pop_back();
    const auto found = by_name.find(name);
    if (found == by_name.end()) continue;
    for (const auto& input : found->second->inputs) {
      const auto source = split_value(input).first;
      if (source == start) return true;
      if (seen.insert(source).second) open.push_back(source);
    }
  }
  return false;
}

}  // namespace

std::pair<std::string, std::size_t> split_value(std::string_view value) {
  const auto colon = value.rfind(':');
  if (colon == std::string_view::npos) return {std::string(value), 0};
  const auto output = base::parse_number<std::size_t>(value.substr(colon + 1));
  if (!output) return {std::string(value), 0};
  return {std::string(value.substr(0, colon)), *output};
}

std::string value_name(const std::string& node, std::size_t output) {
  return output == 0 ? node : node + ":" + std::to_string(output);
}

GraphData::GraphData(std::vector<GraphInput> inputs_, std::vector<Node> nodes_,
                     std::vector<std::string> outputs_)
    : inputs(std::move(inputs_)), nodes(std::move(nodes_)), outputs(std::move(outputs_)) {
  for (const auto& input : inputs) {
    check_name(input.name);
    add_value(input.name);
  }
  for (std::size_t k = 0; k < nodes.size(); ++k) add_node(k);
  for (const auto& output : outputs) {
    output_slots.push_back(slot(output, "the graph's output list"));
    last_use[output_slots.back()] = nodes.size();
  }
  base::require(!outputs.empty() || nodes.empty(), "the graph has no output");
}

void GraphData::add_value(const std::string& name) {
  const bool added = slots.try_emplace(name, values.size()).second;
  base::require(added, "two values of the graph are called '{}'", name);
  values.push_back(name);
  last_use.push_back(0);
}

void GraphData::add_node(std::size_t k) {
  const auto& node = nodes[k];
  check_name(node.name);
  base::require(node.op != nullptr, "node '{}' has no operator", node.name);
  base::require(node.op->inputs() == any_number ? !node.inputs.empty()
                                                : node.op->inputs() == node.inputs.size(),
                "node '{}' ({}) takes {} inputs, not {}", node.name, node.op->kind(),
                node.op->inputs(), node.inputs.size());
  std::vector<std::size_t> taken;
  for (const auto& input : node.inputs) {
    if (!slots.contains(input) && in_cycle(nodes, node.name)) {
      base::fail("the graph is cyclic: node '{}' depends on itself through '{}'", node.name, input);
    }
    taken.push_back(slot(input, "node '" + node.name + "'"));
    last_use[taken.back()] = k;
  }
  input_slots.push_back(std::move(taken));
  first_output.push_back(values.size());
  for (std::size_t output = 0; output < node.op->outputs(); ++output) {
    add_value(value_name(node.name, output));
    last_use.back() = k;
  }
  node_index[node.name] = k;
}

std::size_t GraphData::slot(const std::string& value, const std::string& who) const {
  const auto found = slots.find(value);
  if (found != slots.end()) return found->second;
  for (const auto& node : nodes) {
    base::require(split_value(value).first != node.name || node_index.contains(node.name),
                  "{} uses '{}', which is computed only after it", who, value);
  }
  base::fail("{} uses '{}', which nothing computes{}", who, value,
             base::nearest_hint(value, values));
}

Graph::Graph() : Graph({}, {}, {}) {}

Graph::Graph(std::vector<GraphInput> inputs, std::vector<Node> nodes,
             std::vector<std::string> outputs)
    : data_(std::make_shared<GraphData>(std::move(inputs), std::move(nodes), std::move(outputs))) {}

const std::vector<GraphInput>& Graph::inputs() const { return data_->inputs; }
const std::vector<Node>& Graph::nodes() const { return data_->nodes; }
const std::vector<std::string>& Graph::outputs() const { return data_->outputs; }

bool Graph::has_value(std::string_view value) const {
  return data_->slots.contains(std::string(value));
}

const Node& Graph::node(std::string_view name) const {
  const auto found = data_->node_index.find(std::string(name));
  if (found == data_->node_index.end())
    base::fail("layer '{}' does not exist{}", name, base::nearest_hint(name, node_names()));
  return data_->nodes[found->second];
}

const Node* Graph::producer(std::string_view value) const {
  require_value(value);
  const auto found = data_->node_index.find(split_value(value).first);
  return found == data_->node_index.end() ? nullptr : &data_->nodes[found->second];
}

std::vector<std::string> Graph::node_names() const {
  std::vector<std::string> names;
  for (const auto& node : nodes()) names.push_back(node.name);
  return names;
}

std::vector<std::string> Graph::value_names() const { return data_->values; }

void Graph::require_value(std::string_view value) const {
  if (!has_value(value))
    base::fail("layer '{}' does not exist{}", value, base::nearest_hint(value, data_->values));
}

}  // namespace ranklens::nn
