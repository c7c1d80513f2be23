#include "ranklens/explain/saliency.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>

#include "ranklens/explain/executor.h"
#include "ranklens/explain/finish.h"
#include "ranklens/explain/option_fields.h"
#include "ranklens/explain/scores.h"

namespace ranklens::explain {
namespace {

// d logit / d pixel, [N,C,H,W].
at::Tensor pixel_gradients(const nn::Network& network, const at::Tensor& images,
                           const at::Tensor& targets, std::string_view method,
                           const Execution& execution) {
  at::Tensor gradients = at::empty_like(images);
  for_each_gradient(
      network, targets, 1, method, execution,
      [&](const Runs& runs) { return images.narrow(0, runs.first, runs.count).clone(); },
      [&](const Runs& runs, const at::Tensor& part) {
        gradients.narrow(0, runs.first, runs.count).copy_(part);
      });
  return gradients;
}

}  // namespace

Saliency saliency_preset(std::string_view name) {
  if (name == "paper") return {};
  if (name == "captum") {
    return {.finish = {.absolute = true, .channels = Channels::none}, .preset = "captum"};
  }
  if (name == "tf-keras-vis") {
    return {.finish = {.absolute = true, .channels = Channels::max, .scale = true},
            .preset = "tf-keras-vis"};
  }
  if (name == "pair") return {.finish = kPairFinish, .preset = "pair"};
  unknown_preset("saliency", name);
}

InputXGradient input_x_gradient_preset(std::string_view name) {
  if (name == "paper") return {};
  if (name == "captum") return {.finish = {.channels = Channels::none}, .preset = "captum"};
  unknown_preset("input_x_gradient", name);
}

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const Saliency& options,
                      const Execution& execution) {
  Attribution result = described("saliency", stays_signed(options.finish, true), options);
  const nn::Network frozen = explained(network, images, targets, result.notes);
  result.maps =
      finished(pixel_gradients(frozen, images, targets, result.method, execution), options.finish);
  return result;
}

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const InputXGradient& options,
                      const Execution& execution) {
  Attribution result = described("input_x_gradient", stays_signed(options.finish, true), options);
  const nn::Network frozen = explained(network, images, targets, result.notes);
  const at::Tensor gradients = pixel_gradients(frozen, images, targets, result.method, execution);
  result.maps = finished(gradients * images.detach(), options.finish);
  return result;
}

}  // namespace ranklens::explain
