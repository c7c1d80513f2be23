#pragma once

#include <string>
#include <string_view>

#include "ranklens/explain/attribution.h"
#include "ranklens/nn/network.h"

namespace ranklens::explain {

/// The gradient of the target's logit with respect to the pixels; by default its magnitude, the
/// largest of the channels (Simonyan, Vedaldi and Zisserman 2014, section 3.1).
struct Saliency {
  Finish finish = {.absolute = true, .channels = Channels::max};
  std::string preset = "paper";
};

/// "paper", "captum" (magnitude, channels apart), "tf-keras-vis" (scaled), "pair" (magnitudes
/// summed over channels, clipped at the 99th percentile, scaled).
Saliency saliency_preset(std::string_view name);

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const Saliency& options = {},
                      const Execution& execution = {});

/// Gradient times pixel, summed over channels (Shrikumar et al. 2016). Signed.
struct InputXGradient {
  Finish finish = {};
  std::string preset = "paper";
};

/// "paper", "captum" (channels apart).
InputXGradient input_x_gradient_preset(std::string_view name);

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const InputXGradient& options,
                      const Execution& execution = {});

}  // namespace ranklens::explain
