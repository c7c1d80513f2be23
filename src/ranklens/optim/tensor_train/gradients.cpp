#include "ranklens/optim/tensor_train/gradients.h"

#include <set>
#include <utility>

#include "ranklens/base/error.h"

namespace ranklens::optim {

NamedGradients named_gradients(const Gradients& found) {
  NamedGradients gradients;
  for (const auto& one : found.gradients) gradients[one.name] = one.tensor;
  return gradients;
}

std::vector<at::Tensor> take_cores(const TrainLayer& layer, NamedGradients& gradients) {
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < layer.tensors.size(); ++k) {
    const auto found = gradients.find(layer.tensors[k]);
    base::require(found != gradients.end(), "the objective gave no gradient of '{}'",
                  layer.tensors[k]);
    auto gradient = std::move(found->second);
    gradients.erase(found);
    if (gradient.defined()) gradient = fused_core(gradient, layer.modes[k]);
    cores.push_back(std::move(gradient));
  }
  return cores;
}

nn::State with_trains_alone(const nn::State& state) {
  std::set<std::string> of_trains;
  for (const auto& layer : train_layers(state)) {
    of_trains.insert(layer.entries.begin(), layer.entries.end());
  }
  nn::State alone = state;
  for (const auto& name : state.names()) {
    nn::Entry entry = state.at(name);
    if (entry.buffer || !entry.trainable || of_trains.contains(name)) continue;
    entry.trainable = false;
    alone.set(name, std::move(entry));
  }
  return alone;
}

void require_trains(const std::vector<TrainLayer>& layers, std::string_view optimiser) {
  base::require(!layers.empty(),
                "{} trains tensor trains, and this network has none that is trainable: give layers "
                "a weight such as tt(r=8)",
                optimiser.substr(0, optimiser.find('(')));
}

}  // namespace ranklens::optim
