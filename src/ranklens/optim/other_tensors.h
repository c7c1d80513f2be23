#pragma once

#include <map>
#include <string>
#include <vector>

#include "ranklens/nn/state.h"

namespace ranklens::optim {

using NamedGradients = std::map<std::string, at::Tensor>;

/// What an optimiser of weights in factors leaves to a rule for plain tensors.
struct OtherTensors {
  std::vector<nn::NamedTensor> tensors;
  std::vector<at::Tensor> gradients;
};

/// The trainable tensors of `state` whose gradients are still there, in order.
OtherTensors other_tensors(const nn::State& state, const NamedGradients& gradients);

}  // namespace ranklens::optim
