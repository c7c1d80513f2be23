#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// A place to cut a graph in two: the values alive there. With a skip connection there is more than
/// one.
using Cut = std::vector<std::string>;

/// The values computed up to and including `node` (a node or an input) that later nodes or the
/// outputs use, in order.
Cut cut_after(const Graph& graph, std::string_view node);

/// The values that the first node to use one of these state entries, and those after it, take from
/// before it; nothing where no node computes any of them, or no node uses the entries.
std::optional<Cut> cut_before_use(const Graph& graph, const std::vector<std::string>& entries);

/// The part that computes the values of the cut from the inputs: its outputs are the cut's values.
Network head(const Network& network, const Cut& cut);

/// The part that computes the outputs from the values of the cut: its inputs carry their names. An
/// Error names what else is alive when the cut does not separate the outputs from the inputs.
Network tail(const Network& network, const Cut& cut);

/// The network with other outputs; nodes that no output needs are dropped, and their state with
/// them.
Network with_outputs(const Network& network, const std::vector<std::string>& outputs);

}  // namespace ranklens::nn
