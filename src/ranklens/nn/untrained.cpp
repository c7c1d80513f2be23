#include "ranklens/nn/untrained.h"

#include <set>

#include "ranklens/nn/init.h"

namespace ranklens::nn {
namespace {

/// A fresh weight in place of `old`, of its own shape: the role's, but for the ranks that training
/// found for the cores of a matrix product state.
Weight drawn_like(const Weight& old, const Role& role, const base::Stream& stream) {
  const auto options = old->factors().front().tensor.options().requires_grad(false);
  const auto fresh = initialise(old->shape(), parse_weight_spec(old->spec()), role.init, stream);
  return map_factors(fresh, [&](const at::Tensor& factor) { return factor.to(options); });
}

}  // namespace

Network untrained(const Network& network, std::uint64_t seed) {
  Network fresh = network;
  std::set<std::string> drawn;
  for (const auto& node : network.graph.nodes()) {
    const bool generic = node.op->kind() == "aten";
    for (const auto& role : node.op->roles()) {
      const auto named = node.weights.find(role.name);
      if (named == node.weights.end() || (generic && role.shape.size() < 2)) continue;
      const auto& entry = named->second;
      if (!drawn.insert(entry).second) continue;  // shared, and drawn by its first node
      const base::Stream stream(seed, "init", entry);
      fresh.state.replace(entry, drawn_like(network.state.at(entry).weight, role, stream));
    }
  }
  return fresh;
}

}  // namespace ranklens::nn
