#pragma once

#include <string>
#include <vector>

#include "ranklens/nn/state.h"
#include "ranklens/optim/tensor_train/stored_cores.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::optim {

/// A tensor train among a state's weights: a weight of the format "tt" or "tt_conv", whose cores
/// have their modes fused, or the cores "NAME.core.0", "NAME.core.1", ... of a matrix product
/// state, each an entry of its own.
struct TrainLayer {
  std::string name;
  std::vector<std::string> tensors;  ///< full names of the cores
  std::vector<std::string> entries;  ///< one, or one a core
  std::vector<CoreModes> modes;      ///< of each core, as it is stored
  tn::TensorTrain train;             ///< cores [r, n, r'], log_scale 0
};

/// A matrix product state, whose norm says nothing of the size of what it computes: it acts on
/// products of a vector a site, and those of hundreds of sites shrink or grow by as many factors.
bool is_product_state(const TrainLayer& layer);

/// The trainable ones, in order.
std::vector<TrainLayer> train_layers(const nn::State& state);

/// Puts cores [r, n, r'] of any ranks, in a layer's order, into the state.
void set_cores(nn::State& state, const TrainLayer& layer, const std::vector<at::Tensor>& cores);

}  // namespace ranklens::optim
