#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/optim/objective.h"
#include "ranklens/optim/other_tensors.h"
#include "ranklens/optim/tensor_train/layers.h"

// What an evaluation of the loss says about trains, and what about all other tensors.
namespace ranklens::optim {

NamedGradients named_gradients(const Gradients& found);

/// Whether every entry of all of them is a number, neither NaN nor infinite; undefined ones have
/// none. However many there are, the device is asked once.
bool are_finite(const std::vector<at::Tensor>& tensors);

/// The loss, or NaN where that is finite and a gradient is not, as at a square root of zero: what
/// such a step would leave in a state or a memory stays there.
double checked_loss(const Gradients& found);

/// The gradients of a layer's cores as [r, n, r'], taken out of `gradients`; undefined where the
/// loss does not depend on a core.
std::vector<at::Tensor> take_cores(const TrainLayer& layer, NamedGradients& gradients);

/// The state with nothing trainable but its trains: for evaluations that ask for no other
/// gradients.
nn::State with_trains_alone(const nn::State& state);

/// An Error unless there are trains for the optimiser of this spec.
void require_trains(const std::vector<TrainLayer>& layers, std::string_view optimiser);

}  // namespace ranklens::optim
