#include "ranklens/train/compute.h"

#include <set>
#include <string>

#include "ranklens/base/error.h"
#include "ranklens/nn/low_memory.h"

namespace ranklens::train {
namespace {

std::set<std::string> normalisation_entries(const nn::Graph& graph) {
  std::set<std::string> entries;
  for (const auto& node : graph.nodes()) {
    const auto kind = node.op->kind();
    if (kind.find("norm") == std::string_view::npos) continue;
    for (const auto& [role, entry] : node.weights) entries.insert(entry);
  }
  return entries;
}

}  // namespace

std::string_view to_string(Compute compute) {
  return compute == Compute::bfloat16 ? "bfloat16" : "float32";
}

Compute parse_compute(std::string_view text) {
  if (text == "float32") return Compute::float32;
  base::require(text == "bfloat16", "networks are computed in 'float32' or 'bfloat16', not '{}'",
                text);
  return Compute::bfloat16;
}

nn::State state_for(const nn::Graph& graph, const nn::State& state, Compute compute) {
  if (compute == Compute::float32) return state;
  const auto kept = normalisation_entries(graph);
  nn::State cast = state;
  for (const auto& name : state.names()) {
    const auto& entry = state.at(name);
    if (entry.buffer || kept.contains(name)) continue;
    cast.replace(name, nn::map_factors(entry.weight, [](const at::Tensor& tensor) {
                   return tensor.is_floating_point() ? tensor.to(at::kBFloat16) : tensor;
                 }));
  }
  return cast;
}

nn::State training_state(const nn::Graph& graph, const nn::State& state,
                         const Execution& execution) {
  auto cast = state_for(graph, state, execution.compute);
  return execution.low_memory ? nn::with_low_memory(cast) : cast;
}

nn::State laid_out(const nn::State& state, const Execution& execution) {
  const auto format =
      execution.channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  return state.map([&](const at::Tensor& tensor) {
    // contiguous() would leave kernels of one channel as they are, whose strides fit either layout:
    // libtorch then takes the first convolution, and what follows it, for channels-first.
    const bool as_told = tensor.dim() != 4 || tensor.suggest_memory_format() == format;
    return as_told ? tensor : tensor.clone(format);
  });
}

at::Device device_of(const nn::State& state) {
  for (const auto& one : state.tensors()) return one.tensor.device();
  return at::kCPU;
}

}  // namespace ranklens::train
