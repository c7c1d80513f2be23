#include "ranklens/optim/tensor_train/layers.h"

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"

namespace ranklens::optim {
namespace {

bool is_train(const nn::Weight& weight) {
  return weight->kind() == "tt" || weight->kind() == "tt_conv";
}

void add_core(TrainLayer& layer, const std::string& name, const at::Tensor& stored,
              CoreModes modes) {
  layer.tensors.push_back(name);
  layer.train.cores.push_back(fused_core(stored.detach(), modes));
  layer.modes.push_back(std::move(modes));
}

TrainLayer layer_of(const std::string& name, const nn::Weight& weight) {
  TrainLayer layer{.name = name, .tensors = {}, .entries = {name}, .modes = {}, .train = {}};
  const auto factors = weight->factors();
  const auto modes = modes_of(weight);
  for (std::size_t k = 0; k < factors.size(); ++k)
    add_core(layer, nn::factor_name(name, factors[k].name), factors[k].tensor, modes[k]);
  return layer;
}

/// "NAME" of an entry "NAME.core.0"; empty for any other.
std::string state_name(const std::string& entry) {
  constexpr std::string_view ending = ".core.0";
  return entry.ends_with(ending) ? entry.substr(0, entry.size() - ending.size()) : std::string();
}

/// The cores that begin at NAME.core.0, as long as there are some that fit.
TrainLayer product_state(const nn::State& state, const std::string& name) {
  TrainLayer layer{.name = name, .tensors = {}, .entries = {}, .modes = {}, .train = {}};
  for (int k = 0;; ++k) {
    const auto entry = fmt::format("{}.core.{}", name, k);
    if (!state.contains(entry)) return layer;
    const auto& one = state.at(entry);
    const bool fits = one.trainable && !one.buffer && one.weight.is_dense() &&
                      one.weight.tensor().dim() == 3 &&
                      (layer.train.cores.empty()
                           ? one.weight.tensor().size(0) == 1
                           : one.weight.tensor().size(0) == layer.train.cores.back().size(2));
    if (!fits) return {};
    layer.entries.push_back(entry);
    add_core(layer, entry, one.weight.tensor(), {.modes = {one.weight.tensor().size(1)}});
  }
}

}  // namespace

bool is_product_state(const TrainLayer& layer) { return layer.entries.size() > 1; }

std::vector<TrainLayer> train_layers(const nn::State& state) {
  std::vector<TrainLayer> layers;
  for (const auto& name : state.names()) {
    const auto& entry = state.at(name);
    if (entry.buffer || !entry.trainable) continue;
    if (is_train(entry.weight)) layers.push_back(layer_of(name, entry.weight));
    if (const auto product = state_name(name); !product.empty()) {
      auto layer = product_state(state, product);
      if (layer.train.cores.size() > 1 && layer.train.cores.back().size(2) == 1) {
        layers.push_back(std::move(layer));
      }
    }
  }
  return layers;
}

void set_cores(nn::State& state, const TrainLayer& layer, const std::vector<at::Tensor>& cores) {
  base::require(cores.size() == layer.tensors.size(), "'{}' has {} cores, not {}", layer.name,
                layer.tensors.size(), cores.size());
  auto tensors = stored_cores(cores, layer.modes);
  if (layer.entries.size() == 1 && is_train(state.at(layer.entries[0]).weight)) {
    state.replace(layer.entries[0], state.at(layer.entries[0]).weight->with(std::move(tensors)));
    return;
  }
  for (std::size_t k = 0; k < cores.size(); ++k) {
    state.replace(layer.entries[k], nn::Weight(tensors[k]));
  }
}

}  // namespace ranklens::optim
