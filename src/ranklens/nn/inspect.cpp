#include "ranklens/nn/inspect.h"

#include <set>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"

namespace ranklens::nn {
namespace {

RunResult run_on_meta(const Network& network, std::int64_t batch) {
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> inputs;
  for (const auto& input : network.graph.inputs()) {
    Shape shape = input.sample;
    shape.insert(shape.begin(), batch);
    inputs.push_back(at::empty(shape, at::TensorOptions().device(at::kMeta).dtype(at::kFloat)));
  }
  RunOptions options;
  options.want = network.graph.value_names();
  return nn::run(network.graph, network.state.to(at::Device(at::kMeta)), inputs, options);
}

NodeCost cost_of(const Node& node, const Network& network,
                 const std::map<std::string, at::Tensor>& values, std::set<std::string>& counted) {
  NodeCost cost;
  cost.name = node.name;
  cost.kind = node.op->kind();
  std::vector<at::Tensor> inputs, outputs;
  for (const auto& input : node.inputs) inputs.push_back(values.at(input));
  for (std::size_t k = 0; k < node.op->outputs(); ++k) {
    outputs.push_back(values.at(value_name(node.name, k)));
    cost.outputs.push_back(outputs.back().sizes().vec());
    cost.activation_bytes +=
        outputs.back().numel() * static_cast<std::int64_t>(outputs.back().element_size());
  }
  std::map<std::string, Weight, std::less<>> weights;
  for (const auto& [role, name] : node.weights) {
    const auto& entry = network.state.at(name);
    weights.emplace(role, entry.weight);
    if (!entry.weight.is_dense()) cost.weight = entry.weight->spec();
    if (!entry.buffer && counted.insert(name).second) cost.parameters += entry.weight->parameters();
  }
  const Call call{.node = node.name, .inputs = inputs, .weights = weights};
  cost.multiply_adds = node.op->multiply_adds(call, outputs);
  return cost;
}

}  // namespace

std::map<std::string, Shape> value_shapes(const Network& network, std::int64_t batch) {
  std::map<std::string, Shape> shapes;
  for (const auto& [name, tensor] : run_on_meta(network, batch).taps)
    shapes[name] = tensor.sizes().vec();
  return shapes;
}

std::vector<NodeCost> costs(const Network& network, std::int64_t batch) {
  const auto values = run_on_meta(network, batch).taps;
  std::set<std::string> counted;
  std::vector<NodeCost> all;
  for (const auto& node : network.graph.nodes())
    all.push_back(cost_of(node, network, values, counted));
  return all;
}

}  // namespace ranklens::nn
