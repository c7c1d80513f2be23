#include "ranklens/base/error.h"
#include "ranklens/nn/graph_data.h"
#include "ranklens/nn/network.h"

namespace ranklens::nn {
namespace {

WeightsByRole weights_of(const Node& node, const State& state) {
  WeightsByRole weights;
  for (const auto& [role, entry] : node.weights) weights.emplace(role, state.at(entry).weight);
  return weights;
}

/// The values of one run, by slot; those that nobody will ask for again are let go.
class Values {
 public:
  Values(const GraphData& graph, const std::vector<std::string>& want)
      : graph_(graph), tensors_(graph.values.size()), kept_(graph.values.size(), false) {
    for (const auto& name : want) kept_[graph.slot(name, "the list of wanted values")] = true;
    for (const auto slot : graph.output_slots) kept_[slot] = true;
  }

  void set(std::size_t slot, at::Tensor tensor) { tensors_[slot] = std::move(tensor); }
  const at::Tensor& operator[](std::size_t slot) const { return tensors_[slot]; }

  void release_after(std::size_t node) {
    for (const auto slot : graph_.input_slots[node]) release(slot, node);
    for (std::size_t k = 0; k < graph_.nodes[node].op->outputs(); ++k) {
      release(graph_.first_output[node] + k, node);
    }
  }

 private:
  void release(std::size_t slot, std::size_t node) {
    if (graph_.last_use[slot] == node && !kept_[slot]) tensors_[slot].reset();
  }

  const GraphData& graph_;
  std::vector<at::Tensor> tensors_;
  std::vector<bool> kept_;
};

void run_node(std::size_t k, const GraphData& graph, const State& state, const RunOptions& options,
              Values& values, StateChange& change) {
  const auto& node = graph.nodes[k];
  std::vector<at::Tensor> inputs;
  for (const auto slot : graph.input_slots[k]) inputs.push_back(values[slot]);
  const auto weights = weights_of(node, state);
  std::optional<base::Stream> random;
  if (options.random != nullptr) random = options.random->child(node.name);
  std::map<std::string, at::Tensor> changes;
  const Call call{
      node.name, inputs, weights, options.mode, options.batch_norm, random ? &*random : nullptr,
      &changes};
  auto outputs = node.op->run(call);
  for (std::size_t output = 0; output < outputs.size(); ++output) {
    values.set(graph.first_output[k] + output, std::move(outputs[output]));
  }
  for (auto& [role, tensor] : changes) change[node.weights.at(role)] = std::move(tensor);
}

}  // namespace

RunResult run(const Graph& graph, const State& state, const std::vector<at::Tensor>& inputs,
              const RunOptions& options) {
  const auto& data = graph.data();
  base::require(inputs.size() == data.inputs.size(), "the network takes {} inputs, not {}",
                data.inputs.size(), inputs.size());
  Values values(data, options.want);
  for (std::size_t k = 0; k < inputs.size(); ++k) values.set(k, inputs[k]);
  RunResult result;
  for (std::size_t k = 0; k < data.nodes.size(); ++k) {
    run_node(k, data, state, options, values, result.change);
    values.release_after(k);
  }
  for (const auto slot : data.output_slots) result.outputs.push_back(values[slot]);
  for (const auto& name : options.want) result.taps[name] = values[data.slots.at(name)];
  return result;
}

}  // namespace ranklens::nn
