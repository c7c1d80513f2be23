#pragma once

#include <string>
#include <vector>

#include "ranklens/nn/network.h"

namespace ranklens::compress {

/// A weight that may be stored in factors: the first node that uses it names it.
struct Place {
  std::string layer;  ///< the node's name
  std::string entry;  ///< the weight's, in the state
  nn::Shape shape;
};

/// All of a network, each once, in the order of its graph.
std::vector<Place> places_of(const nn::Network& network);

}  // namespace ranklens::compress
