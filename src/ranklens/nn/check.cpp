#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/core_ranks.h"
#include "ranklens/nn/network.h"

namespace ranklens::nn {
namespace {

/// Whose cores may have found other ranks than those it was built with.
bool is_product_state(const Node& node) { return node.op->kind() == "mps_classifier"; }

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
  const bool fits = is_product_state(node) ? same_but_for_ranks(named->second, shape, role.shape)
                                           : shape == role.shape;
  base::require(fits, "weight '{}' has shape {}, but node '{}' needs {}", named->second,
                fmt::join(shape, "x"), node.name, fmt::join(role.shape, "x"));
}

/// Every core of a matrix product state begins with the rank that the one before it ends with.
void check_ranks(const Node& node, const std::vector<Role>& roles, const State& state) {
  std::int64_t rank = 1;
  for (const auto& role : roles) {
    const auto& name = node.weights.find(role.name)->second;
    const auto shape = state.at(name).weight->shape();
    base::require(shape.front() == rank, "weight '{}' begins with rank {}, but node '{}' needs {}",
                  name, shape.front(), node.name, rank);
    rank = shape.back();
  }
  base::require(rank == 1, "the last core of node '{}' ends with rank {}, not 1", node.name, rank);
}

}  // namespace

void check(const Graph& graph, const State& state) {
  for (const auto& node : graph.nodes()) {
    const auto roles = node.op->roles();
    for (const auto& role : roles) check_role(node, role, state);
    if (is_product_state(node)) check_ranks(node, roles, state);
    for (const auto& [role, entry] : node.weights) {
      const bool known =
          std::any_of(roles.begin(), roles.end(), [&](const Role& r) { return r.name == role; });
      base::require(known, "node '{}' ({}) has no use for a weight called '{}'", node.name,
                    node.op->kind(), role);
    }
  }
}

}  // namespace ranklens::nn
