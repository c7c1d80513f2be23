#pragma once

#include <functional>
#include <optional>

#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// A network in which `pass` has replaced nodes: it returns the new node, or nothing to keep the
/// old one. The user's network is not touched. A new node must give the outputs that others use.
Network rewrite(const Network& network,
                const std::function<std::optional<Node>(const Node&)>& pass);

/// The same with every operator of a kind replaced by one that has no weights, e.g. relu ->
/// guided_relu.
Network replace_operators(const Network& network, std::string_view kind, const OperatorPtr& op);

}  // namespace ranklens::nn
