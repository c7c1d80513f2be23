#include "ranklens/optim/tensor_train/gradients.h"

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/stack.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {

NamedGradients named_gradients(const Gradients& found) {
  NamedGradients gradients;
  for (const auto& one : found.gradients) gradients[one.name] = one.tensor;
  return gradients;
}

bool are_finite(const std::vector<at::Tensor>& tensors) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> ends;  // the least and the largest entry: NaN where any entry is
  for (const auto& tensor : tensors) {
    if (!tensor.defined() || tensor.numel() == 0) continue;
    const auto [least, largest] = at::aminmax(tensor);
    ends.insert(ends.end(), {least, largest});
  }
  return ends.empty() || at::stack(ends).isfinite().all().item<bool>();
}

double checked_loss(const Gradients& found) {
  if (!std::isfinite(found.loss)) return found.loss;
  std::vector<at::Tensor> gradients;
  for (const auto& one : found.gradients) gradients.push_back(one.tensor);
  return are_finite(gradients) ? found.loss : std::numeric_limits<double>::quiet_NaN();
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
