#pragma once

#include <string>
#include <string_view>

#include "ranklens/explain/attribution.h"
#include "ranklens/nn/network.h"

namespace ranklens::explain {

/// Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): the activations A_k of a layer, weighted by
/// the mean of the gradient of the target's logit over their pixels, summed over k, negative values
/// dropped.
struct GradCam {
  /// "auto", "conv-activation" or the name of a value; see choose_layer().
  std::string layer = "auto";
  bool relu = true;
  bool resize = true;  ///< to the image's size; else the layer's size stays
  Alignment alignment = Alignment::areas;
  bool scale = false;  ///< min-max per image at the end
  std::string preset = "paper";
};

/// "paper" (ReLU, bilinear, not scaled), "captum" (neither ReLU nor resizing), "pytorch-grad-cam"
/// (ReLU, scaled, OpenCV's alignment), "tf-keras-vis" (ReLU, scaled, corner alignment, the
/// convolution's own activation). Error for another name.
GradCam grad_cam_preset(std::string_view name);

/// Images [N,C,H,W] and targets [N] int64. The part below the layer runs once without gradients;
/// only the part above it is differentiated.
Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const GradCam& options = {},
                      const Execution& execution = {});

}  // namespace ranklens::explain
