#include "ranklens/nn/rewrite.h"

#include <set>

#include <ATen/ops/sqrt.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/cut.h"

namespace ranklens::nn {

Network rewrite(const Network& network,
                const std::function<std::optional<Node>(const Node&)>& pass) {
  std::vector<Node> nodes;
  for (const auto& node : network.graph.nodes()) nodes.push_back(pass(node).value_or(node));
  return {Graph(network.graph.inputs(), std::move(nodes), network.graph.outputs()), network.state};
}

Network replace_operators(const Network& network, std::string_view kind, const OperatorPtr& op) {
  return rewrite(network, [&](const Node& node) -> std::optional<Node> {
    if (node.op->kind() != kind) return std::nullopt;
    return Node{node.name, op, node.inputs, {}};
  });
}

}  // namespace ranklens::nn
