#include "ranklens/optim/other_tensors.h"

namespace ranklens::optim {

OtherTensors other_tensors(const nn::State& state, const NamedGradients& gradients) {
  OtherTensors others;
  for (const auto& tensor : state.trainable()) {
    const auto gradient = gradients.find(tensor.name);
    if (gradient == gradients.end()) continue;
    others.tensors.push_back(tensor);
    others.gradients.push_back(gradient->second);
  }
  return others;
}

}  // namespace ranklens::optim
