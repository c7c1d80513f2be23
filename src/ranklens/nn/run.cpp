#include "ranklens/base/error.h"
#include "ranklens/nn/fused/relu_norm.h"
#include "ranklens/nn/fused/relu_pool.h"
#include "ranklens/nn/fusion.h"
#include "ranklens/nn/graph_data.h"
#include "ranklens/nn/network.h"
#include "ranklens/nn/operators/norm.h"
#include "ranklens/nn/operators/shape_ops.h"

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

/// One call of run().
class Execution {
 public:
  Execution(const GraphData& graph, const State& state, const RunOptions& options)
      : graph_(graph),
        state_(state),
        options_(options),
        values_(graph, options.want),
        group_at_(graph.nodes.size(), none) {
    groups_ = fusible(graph, options);
    for (std::size_t k = 0; k < groups_.size(); ++k) {
      for (const auto node : groups_[k].nodes()) group_at_[node] = k;
    }
  }

  RunResult run(const std::vector<at::Tensor>& inputs) {
    for (std::size_t k = 0; k < inputs.size(); ++k) values_.set(k, inputs[k]);
    for (std::size_t k = 0; k < graph_.nodes.size(); ++k) {
      const auto group = group_at_[k];
      if (group == none) {
        run_node(k);
      } else if (groups_[group].first() == k) {
        run_group(groups_[group]);
      }
    }
    RunResult result{.outputs = {}, .taps = {}, .change = std::move(change_)};
    for (const auto slot : graph_.output_slots) result.outputs.push_back(values_[slot]);
    for (const auto& name : options_.want) result.taps[name] = values_[graph_.slots.at(name)];
    return result;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  std::optional<base::Stream> stream_of(const Node& node) const {
    if (options_.random == nullptr) return std::nullopt;
    return options_.random->child(node.name);
  }

  /// Calls act(call) for a node and keeps the buffers it changes.
  template <class Act>
  void call(const Node& node, const std::vector<at::Tensor>& inputs, const Act& act) {
    const auto weights = weights_of(node, state_);
    const auto random = stream_of(node);
    std::map<std::string, at::Tensor> changes;
    act(Call{node.name, inputs, weights, options_.mode, options_.batch_norm,
             random ? &*random : nullptr, &changes});
    for (auto& [role, tensor] : changes) change_[node.weights.at(role)] = std::move(tensor);
  }

  void run_node(std::size_t k) {
    std::vector<at::Tensor> inputs;
    for (const auto slot : graph_.input_slots[k]) inputs.push_back(values_[slot]);
    call(graph_.nodes[k], inputs, [&](const Call& one) {
      auto outputs = graph_.nodes[k].op->run(one);
      for (std::size_t output = 0; output < outputs.size(); ++output) {
        values_.set(graph_.first_output[k] + output, std::move(outputs[output]));
      }
    });
    values_.release_after(k);
  }

  void run_group(const Group& group) { group.norm ? run_norm_group(group) : run_pool_group(group); }

  void run_one_by_one(const Group& group) {
    for (const auto k : group.nodes()) run_node(k);
  }

  void run_pool_group(const Group& group) {
    const at::Tensor x = values_[graph_.input_slots[group.first()].front()];
    if (!fused::pools(x)) return run_one_by_one(group);
    values_.set(graph_.first_output[group.last()], fused::relu_pool(x));
    for (const auto k : group.nodes()) values_.release_after(k);
  }

  void run_norm_group(const Group& group) {
    const auto& node = graph_.nodes[*group.norm];
    const auto& norm = dynamic_cast<const BatchNorm&>(*node.op);
    fused::ReluNorm work{.input = values_[graph_.input_slots[group.first()].front()],
                         .weight = state_.tensor(node.weights.at("weight")),
                         .bias = state_.tensor(node.weights.at("bias")),
                         .relu = group.relu.has_value(),
                         .eps = norm.settings().eps,
                         .pool = group.pool.has_value()};
    if (!fused::supported(work) || work.input.size(1) != norm.features()) {
      return run_one_by_one(group);
    }
    if (group.dropout) add_dropout(graph_.nodes[*group.dropout], work);
    call(node, {work.input}, [&](const Call& one) {
      auto done = fused::relu_norm(work);
      norm.report(one, done.mean, done.inverse_std, work.input.numel() / norm.features());
      values_.set(graph_.first_output[group.last()], std::move(done.output));
    });
    for (const auto k : group.nodes()) values_.release_after(k);
  }

  void add_dropout(const Node& node, fused::ReluNorm& work) const {
    const auto& dropout = dynamic_cast<const Dropout&>(*node.op);
    const auto& x = work.input;
    if (dropout.p() == 0) return;
    const auto random = stream_of(node);
    work.keep = dropout.keep({x.size(0), x.size(1), x.size(2) / 2, x.size(3) / 2}, node.name,
                             random ? &*random : nullptr);
    work.factor = 1 / (1 - dropout.p());
  }

  const GraphData& graph_;
  const State& state_;
  const RunOptions& options_;
  Values values_;
  StateChange change_;
  std::vector<Group> groups_;
  std::vector<std::size_t> group_at_;  ///< by node: its group, or none
};

}  // namespace

RunResult run(const Graph& graph, const State& state, const std::vector<at::Tensor>& inputs,
              const RunOptions& options) {
  const auto& data = graph.data();
  base::require(inputs.size() == data.inputs.size(), "the network takes {} inputs, not {}",
                data.inputs.size(), inputs.size());
  return Execution(data, state, options).run(inputs);
}

}  // namespace ranklens::nn
