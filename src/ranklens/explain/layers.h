#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/network.h"

/// Which layer a class activation map reads.
namespace ranklens::explain {

struct LayerChoice {
  std::string value;   ///< name of the value
  std::string reason;  ///< one sentence for people
};

/// A place that keeps pixels apart: [channels, height, width] a sample.
struct Layer {
  std::string value;
  std::string kind;  ///< of the operator that computes it
  std::int64_t channels = 0, height = 0, width = 0;
};

/// All such places with more than one pixel, in execution order.
std::vector<Layer> spatial_layers(const nn::Network& network);

/// "auto": the last activation function that follows the last convolution before its pixels are
/// pooled or flattened (through batch norms, additions and dropout); the convolution itself if
/// there is none; without a convolution the last spatial layer. "conv-activation": the activation
/// that takes the last convolution's output directly, before any batch norm (the rule of
/// tf-keras-vis for Keras layers with a built-in activation). Anything else: the value of that
/// name, which must be spatial. Errors name what is near.
LayerChoice choose_layer(const nn::Network& network, std::string_view layer);

}  // namespace ranklens::explain
