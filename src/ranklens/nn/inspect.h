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
  std::string weight;  ///< spec of a factorised weight; "dense" of another with two dimensions or
                       ///< more; else ""
};

/// The most numbers that one value may hold and that a size may be, 2^40; the most multiply-adds
/// of one node, 2^53. A file may ask for more; what is beyond could not be counted without
/// overflow.
inline constexpr std::int64_t kLargestValue = std::int64_t{1} << 40;
inline constexpr std::int64_t kMostMultiplyAdds = std::int64_t{1} << 53;

/// Shapes and types of all values for a batch of `batch`, where the inputs are float32 or whatever
/// converts to it; nothing is computed. An Error names a node that does not fit or whose value
/// would be larger than kLargestValue, or an output that has no batch dimension.
std::map<std::string, ValueInfo> value_infos(const Graph& graph, std::int64_t batch = 1);
/// The same, the shapes only.
std::map<std::string, Shape> value_shapes(const Graph& graph, std::int64_t batch = 1);
std::vector<NodeCost> costs(const Network& network, std::int64_t batch = 1);
/// Floating-point operations of one image: two for each multiplication with an addition.
std::int64_t flops(const Network& network);

}  // namespace ranklens::nn
