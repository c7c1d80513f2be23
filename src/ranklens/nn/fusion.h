#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "ranklens/nn/graph_data.h"
#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// Nodes that the executor runs as one: [relu,] batch norm [, 2x2 maximum pool [, dropout]], each
/// the only user of the one before, whose values nobody else wants.
struct Group {
  std::optional<std::size_t> relu;
  std::size_t norm = 0;
  std::optional<std::size_t> pool, dropout;

  std::size_t first() const { return relu.value_or(norm); }
  std::size_t last() const { return dropout.value_or(pool.value_or(norm)); }
  /// In order.
  std::vector<std::size_t> nodes() const;
};

/// The groups of one run, in order: none but in training mode with the batch's own statistics.
/// Values in `options.want` and outputs of the graph stay values.
std::vector<Group> fusible(const GraphData& graph, const RunOptions& options);

}  // namespace ranklens::nn
