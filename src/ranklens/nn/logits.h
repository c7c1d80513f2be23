#pragma once

#include "ranklens/nn/network.h"

/// Networks that end in a softmax, as many files hold them: losses, explanations and curves want
/// what goes into it.
namespace ranklens::nn {

/// The node that makes probabilities of logits [batch, classes] as the last thing before the first
/// output: the node kind `softmax` or libtorch's operator of this name. Null where there is none.
const Node* final_softmax(const Graph& graph);

/// The value that holds the logits: what goes into the final softmax, else the first output.
const std::string& logits_value(const Graph& graph);

/// The graph with the logits as its first output in place of the probabilities; the graph itself
/// where there is no final softmax. Names and state stay.
Graph with_logits(const Graph& graph);

}  // namespace ranklens::nn
