#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// What one node costs for a batch of the given size.
struct NodeCost {
  std::string name, kind;
  std::vector<Shape> outputs;  ///< with the batch dimension
  std::int64_t parameters =
      0;  ///< stored numbers of the entries it names first (shared ones count once)
  std::int64_t multiply_adds = 0;
  std::int64_t activation_bytes = 0;  ///< of its outputs, in float32
  std::string weight;                 ///< spec of a factorised weight, else ""
};

/// Shapes of all values for a batch of `batch`; nothing is computed. An Error names a node that
/// does not fit.
std::map<std::string, Shape> value_shapes(const Graph& graph, std::int64_t batch = 1);
std::vector<NodeCost> costs(const Network& network, std::int64_t batch = 1);

}  // namespace ranklens::nn
