#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/graph.h"
#include "ranklens/nn/state.h"

namespace ranklens::nn {

struct RunOptions {
  /// Values to return beside the outputs.
  std::vector<std::string> want = {};
  Mode mode = Mode::evaluate;
  BatchNormMode batch_norm = BatchNormMode::update;
  /// Source of dropout masks; each node draws from its child of the node's name.
  const base::Stream* random = nullptr;
};

struct RunResult {
  std::vector<at::Tensor> outputs;
  std::map<std::string, at::Tensor> taps;
  /// New running statistics, in training mode with BatchNormMode::update.
  StateChange change;

  const at::Tensor& output() const { return outputs.front(); }
};

/// Runs a graph. Inputs are [batch, ...] in the order of graph.inputs(). Differentiable in inputs
/// and state wherever they require gradients; values are freed at their last use.
RunResult run(const Graph& graph, const State& state, const std::vector<at::Tensor>& inputs,
              const RunOptions& options = {});

/// A graph and a state. Copies share tensors; clone() does not.
struct Network {
  Graph graph;
  State state;

  RunResult run(const at::Tensor& input, const RunOptions& options = {}) const {
    return nn::run(graph, state, {input}, options);
  }
  RunResult run(const std::vector<at::Tensor>& inputs, const RunOptions& options = {}) const {
    return nn::run(graph, state, inputs, options);
  }
  /// The first output in evaluation mode.
  at::Tensor operator()(const at::Tensor& input) const { return run(input).output(); }
  Network clone() const { return {graph, state.clone()}; }
};

/// Checks that the state has every entry the graph names, with the right shape; an Error names the
/// first fault.
void check(const Graph& graph, const State& state);

}  // namespace ranklens::nn
