#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ranklens/nn/graph.h"

namespace ranklens::nn {

/// {"inputs": [{"name", "shape"}], "nodes": [{"name", "operator", "options", "inputs", "weights"}],
/// "outputs": [...]}, nodes in execution order, weights as role -> entry.
nlohmann::json to_json(const Graph& graph);

/// The inverse. Error, which names the node, for anything missing, unknown or of the wrong type,
/// for unknown operators, names given twice, cycles and values that nothing computes.
Graph graph_from_json(const nlohmann::json& json);

}  // namespace ranklens::nn
