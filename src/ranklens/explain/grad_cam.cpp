#include "ranklens/explain/grad_cam.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include "ranklens/base/error.h"
#include "ranklens/explain/executor.h"
#include "ranklens/explain/layers.h"
#include "ranklens/explain/option_fields.h"
#include "ranklens/explain/scores.h"
#include "ranklens/nn/cut.h"

namespace ranklens::explain {
namespace {

// A network cut behind a layer: what runs without gradients, what runs with them, and which of the
// values between them is the layer's.
struct Halves {
  nn::Network head;
  nn::Network tail;
  std::size_t place = 0;
};

Halves cut_at(const nn::Network& network, const std::string& value) {
  const nn::Cut cut = nn::cut_after(network.graph, nn::split_value(value).first);
  const auto found = std::find(cut.begin(), cut.end(), value);
  base::require(found != cut.end(), "nothing uses the layer '{}': it has no map", value);
  return {nn::head(network, cut), nn::tail(network, cut),
          static_cast<std::size_t>(found - cut.begin())};
}

// sum_k mean(dy/dA_k) A_k of a few images, [B,h,w].
at::Tensor weighted_activations(const Halves& halves, const at::Tensor& images,
                                const at::Tensor& targets) {
  std::vector<at::Tensor> values;
  {
    const c10::NoGradGuard no_grad;
    values = halves.head.run(images).outputs;
  }
  const c10::AutoGradMode with_gradients(true);
  at::Tensor activations = values[halves.place].detach();
  activations.set_requires_grad(true);
  values[halves.place] = activations;
  const at::Tensor scores = target_scores(halves.tail.run(values).output(), targets);
  const at::Tensor slopes = gradient(scores, activations);
  const c10::NoGradGuard no_grad;
  const at::Tensor weights = slopes.mean({2, 3}, /*keepdim=*/true);
  return (weights * activations.detach()).sum(1);
}

}  // namespace

GradCam grad_cam_preset(std::string_view name) {
  if (name == "paper") return {};
  if (name == "captum") return {.relu = false, .resize = false, .preset = "captum"};
  if (name == "pytorch-grad-cam") return {.scale = true, .preset = "pytorch-grad-cam"};
  if (name == "tf-keras-vis") {
    return {.layer = "conv-activation",
            .alignment = Alignment::corners,
            .scale = true,
            .preset = "tf-keras-vis"};
  }
  unknown_preset("gradcam", name);
}

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const GradCam& options,
                      const Execution& execution) {
  Attribution result = described("gradcam", !options.relu && !options.scale, options);
  const nn::Network frozen = explained(network, images, targets, result.notes);
  const LayerChoice choice = choose_layer(frozen, options.layer);
  result.layer = choice.value;
  result.notes.push_back(choice.reason);
  const Halves halves = cut_at(frozen, choice.value);
  const std::int64_t chunk = std::min(chunk_size(halves.head, execution.memory, Pass::forward),
                                      chunk_size(halves.tail, execution.memory, Pass::gradient));
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < images.size(0); first += chunk) {
    const std::int64_t count = std::min(chunk, images.size(0) - first);
    parts.push_back(weighted_activations(halves, images.narrow(0, first, count),
                                         targets.narrow(0, first, count)));
    base::report(execution.progress, {.stage = "gradcam",
                                      .done = static_cast<double>(first + count),
                                      .total = static_cast<double>(images.size(0)),
                                      .unit = "images"});
  }
  if (parts.empty()) {
    result.maps = images.new_empty({0, images.size(2), images.size(3)});
    return result;
  }
  result.maps = at::cat(parts);
  if (options.relu) result.maps = positive_part(result.maps, &result.notes);
  if (options.resize) {
    result.maps = resize(result.maps, images.size(2), images.size(3), options.alignment);
  }
  if (options.scale) result.maps = min_max(result.maps);
  return result;
}

}  // namespace ranklens::explain
