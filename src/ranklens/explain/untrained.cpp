#include "ranklens/explain/untrained.h"

#include <set>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weight_spec.h"

namespace ranklens::explain {
namespace {

nn::Weight redrawn(const nn::Entry& entry, const nn::Role& role, const base::Stream& stream) {
  const auto spec = nn::parse_weight_spec(entry.weight->spec());
  const nn::Weight fresh = nn::initialise(entry.weight->shape(), spec, role.init, stream);
  const auto like = entry.weight->factors().front().tensor;
  return nn::map_factors(fresh,
                         [&](const at::Tensor& tensor) { return tensor.to(like.options()); });
}

}  // namespace

nn::Network untrained_copy(const nn::Network& network, std::uint64_t seed) {
  nn::Network copy{network.graph, network.state.clone()};
  std::set<std::string> drawn;
  for (const auto& node : network.graph.nodes()) {
    for (const auto& role : node.op->roles()) {
      const auto found = node.weights.find(role.name);
      if (found == node.weights.end() || !drawn.insert(found->second).second) continue;
      const base::Stream stream(seed, "init", found->second);
      copy.state.replace(found->second, redrawn(network.state.at(found->second), role, stream));
    }
  }
  return copy;
}

}  // namespace ranklens::explain
