#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ranklens/nn/graph_data.h"
#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// Nodes that the executor runs as one: [relu,] batch norm [, 2x2 maximum pool [, dropout]], or
/// relu and 2x2 maximum pool; each the only user of the one before, whose values nobody else wants.
struct Group {
  std::optional<std::size_t> relu, norm, pool, dropout;

  std::size_t first() const { return nodes().front(); }
  std::size_t last() const { return nodes().back(); }
  /// In order.
  std::vector<std::size_t> nodes() const;
};

/// The groups of one run, in order: none but in training mode, those with a norm none but with the
/// batch's own statistics. Values in `options.want` and outputs of the graph stay values.
std::vector<Group> fusible(const GraphData& graph, const RunOptions& options);

}  // namespace ranklens::nn
