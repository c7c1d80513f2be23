#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/weight.h"

/// Cores as weights store them, [r, modes ..., r'], and as trains take them, [r, n, r']. The window
/// of a convolution in a train, its first core, is stored without a first rank.
namespace ranklens::optim {

/// What a stored core has besides its ranks.
struct CoreModes {
  nn::Shape modes;
  bool has_left = true;  ///< whether a first rank is stored
};

/// Of the cores of a weight of the format "tt" or, with its window first, "tt_conv".
std::vector<CoreModes> modes_of(const nn::Weight& weight);

/// [r, n, r'], n the product of the modes.
at::Tensor fused_core(const at::Tensor& stored, const CoreModes& modes);
/// A core of any ranks as it is stored.
at::Tensor stored_core(const at::Tensor& core, const CoreModes& modes);

std::vector<at::Tensor> fused_cores(const std::vector<at::Tensor>& stored,
                                    const std::vector<CoreModes>& modes);
std::vector<at::Tensor> stored_cores(const std::vector<at::Tensor>& cores,
                                     const std::vector<CoreModes>& modes);

}  // namespace ranklens::optim
