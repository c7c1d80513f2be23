#include "ranklens/explain/scores.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <fmt/ranges.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/explain/executor.h"
#include "ranklens/nn/cut.h"
#include "ranklens/nn/logits.h"

namespace ranklens::explain {
namespace {

// A few images at a time: isfinite() takes a copy of what it looks at.
void check_finite(const at::Tensor& images) {
  constexpr std::int64_t kAtATime = 16;
  for (std::int64_t first = 0; first < images.size(0); first += kAtATime) {
    const at::Tensor part = images.narrow(0, first, std::min(kAtATime, images.size(0) - first));
    const at::Tensor bad = at::isfinite(part).flatten(1).all(1).logical_not();
    base::require(!bad.any().item<bool>(), "image {} holds a pixel that is not a finite number",
                  first + bad.to(at::kByte).argmax().item<std::int64_t>());
  }
}

void check_inputs(const nn::Network& network, const at::Tensor& images, const at::Tensor& targets) {
  const auto& inputs = network.graph.inputs();
  base::require(inputs.size() == 1 && inputs[0].sample.size() == 3,
                "maps of pixels need a network whose only input is an image");
  base::require(images.defined() && images.dim() == 4 && images.is_floating_point(),
                "images must be floating-point numbers [images, channels, height, width]");
  const auto given = images.sizes().slice(1).vec();
  base::require(given == inputs[0].sample, "the network takes images of {} but these are {}",
                fmt::join(inputs[0].sample, "x"), fmt::join(given, "x"));
  base::require(targets.defined() && targets.dim() == 1 && targets.scalar_type() == at::kLong &&
                    targets.size(0) == images.size(0),
                "targets must be one int64 for each of the {} images", images.size(0));
  check_finite(images);
}

}  // namespace

nn::Network explained(const nn::Network& network, std::vector<std::string>& notes) {
  nn::Network frozen{network.graph, network.state.frozen()};
  const nn::Node* last = nn::final_softmax(frozen.graph);
  if (last == nullptr) return frozen;
  notes.push_back(
      fmt::format("the softmax '{}' at the end is left out: the maps explain logits", last->name));
  return nn::with_outputs(frozen, {nn::logits_value(frozen.graph)});
}

nn::Network explained(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, std::vector<std::string>& notes) {
  nn::Network frozen = explained(network, notes);
  check_inputs(frozen, images, targets);
  return frozen;
}

at::Tensor target_scores(const at::Tensor& logits, const at::Tensor& targets) {
  base::require(logits.dim() == 2, "the network's output must be [images, classes] logits, got {}",
                fmt::join(logits.sizes(), "x"));
  const std::int64_t classes = logits.size(1);
  const auto outside = targets.lt(0).logical_or(targets.ge(classes));
  if (targets.numel() > 0 && outside.any().item<bool>()) {
    base::fail("the target {} is no class of the network, which has {}",
               targets.masked_select(outside)[0].item<std::int64_t>(), classes);
  }
  return logits.gather(1, targets.to(logits.device()).unsqueeze(1)).squeeze(1);
}

at::Tensor gradient(const at::Tensor& scores, const at::Tensor& variable) {
  base::require(scores.requires_grad(), "the network's scores do not depend on what is explained");
  const auto found = torch::autograd::grad({scores.sum()}, {variable}, /*grad_outputs=*/{},
                                           /*retain_graph=*/false, /*create_graph=*/false,
                                           /*allow_unused=*/true);
  base::require(found[0].defined(), "the network's scores do not depend on what is explained");
  return found[0];
}

at::Tensor scores_of(const nn::Network& network, const at::Tensor& images,
                     const at::Tensor& targets, std::int64_t memory) {
  const c10::NoGradGuard no_grad;
  const std::int64_t chunk = chunk_size(network, memory, Pass::forward);
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < images.size(0); first += chunk) {
    const std::int64_t count = std::min(chunk, images.size(0) - first);
    parts.push_back(
        target_scores(network(images.narrow(0, first, count)), targets.narrow(0, first, count)));
  }
  return parts.empty() ? images.new_empty({0}) : at::cat(parts);
}

}  // namespace ranklens::explain
