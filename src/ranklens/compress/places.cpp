#include "ranklens/compress/places.h"

#include <set>

namespace ranklens::compress {

std::vector<Place> places_of(const nn::Network& network) {
  std::vector<Place> places;
  std::set<std::string> seen;
  for (const auto& node : network.graph.nodes()) {
    for (const auto& role : node.op->roles()) {
      const auto entry = node.weights.find(role.name);
      if (!role.factorisable || entry == node.weights.end()) continue;
      if (seen.insert(entry->second).second)
        places.push_back(
            {node.name, entry->second, network.state.at(entry->second).weight->shape()});
    }
  }
  return places;
}

}  // namespace ranklens::compress
