#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/operator.h"

namespace ranklens::nn {

/// One step: an operator, the values it takes, the state entries it uses.
/// Its first output is the value NAME, its k-th the value "NAME:k" (k >= 1).
struct Node {
  std::string name;
  OperatorPtr op;
  std::vector<std::string> inputs;
  /// Role ("weight", "bias", "running_mean") to state entry. Two nodes may name the same entry.
  std::map<std::string, std::string> weights;
};

/// An input of the graph: a name and the shape of one sample (without the batch dimension, which is
/// free).
struct GraphInput {
  std::string name;
  Shape sample;
  /// Of a cut's values, which may be whole numbers; images come as they are. Not kept in files.
  at::ScalarType type = at::kFloat;
};

struct GraphData;

/// An immutable network structure: named nodes in execution order. Copies are cheap and share
/// everything.
class Graph {
 public:
  Graph();
  /// Checks names, order, arity and outputs; an Error names the node at fault.
  Graph(std::vector<GraphInput> inputs, std::vector<Node> nodes, std::vector<std::string> outputs);

  const std::vector<GraphInput>& inputs() const;
  const std::vector<Node>& nodes() const;
  const std::vector<std::string>& outputs() const;

  bool has_value(std::string_view value) const;
  /// An Error with the nearest names when there is no such node.
  const Node& node(std::string_view name) const;
  /// The node that computes a value, or null for an input of the graph.
  const Node* producer(std::string_view value) const;
  std::vector<std::string> node_names() const;
  std::vector<std::string> value_names() const;
  /// Throws unless the value exists, naming the nearest.
  void require_value(std::string_view value) const;

  const GraphData& data() const { return *data_; }

 private:
  std::shared_ptr<const GraphData> data_;
};

/// "split:1" -> {"split", 1}; "conv1" -> {"conv1", 0}.
std::pair<std::string, std::size_t> split_value(std::string_view value);
std::string value_name(const std::string& node, std::size_t output);

}  // namespace ranklens::nn
