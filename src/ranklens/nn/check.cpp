#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/network.h"

namespace ranklens::nn {
namespace {

void check_role(const Node& node, const Role& role, const State& state) {
  const auto named = node.weights.find(role.name);
  if (named == node.weights.end()) {
    base::require(role.optional, "node '{}' ({}) names no weight for its role '{}'", node.name,
                  node.op->kind(), role.name);
    return;
  }
  base::require(state.contains(named->second), "node '{}' needs the weight '{}', which is missing",
                node.name, named->second);
  const auto shape = state.at(named->second).weight->shape();
  base::require(shape == role.shape, "weight '{}' has shape {}, but node '{}' needs {}",
                named->second, fmt::join(shape, "x"), node.name, fmt::join(role.shape, "x"));
}

}  // namespace

void check(const Graph& graph, const State& state) {
  for (const auto& node : graph.nodes()) {
    const auto roles = node.op->roles();
    for (const auto& role : roles) check_role(node, role, state);
    for (const auto& [role, entry] : node.weights) {
      const bool known =
          std::any_of(roles.begin(), roles.end(), [&](const Role& r) { return r.name == role; });
      base::require(known, "node '{}' ({}) has no use for a weight called '{}'", node.name,
                    node.op->kind(), role);
    }
  }
}

}  // namespace ranklens::nn
