#include "ranklens/explain/executor.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include "ranklens/base/error.h"
#include "ranklens/base/threads.h"
#include "ranklens/explain/scores.h"
#include "ranklens/nn/inspect.h"

namespace ranklens::explain {
namespace {

bool on_processor(const nn::Network& network) {
  const auto tensors = network.state.tensors();
  return tensors.empty() || tensors.front().tensor.is_cpu();
}

// Measured on one core (ms a sample of forward and gradient; best, one by one, all at once): the
// hackathon's network 2.9 at 16, 5.4, 4.1 at 704; LeNet5 0.39 at 128, 1.6, 0.49 at 2048; ResNet18
// at 224 pixels 115 at 8, 141. About 48 MB, but never so few that a core has less than 8 samples.
std::int64_t near_caches(std::int64_t bytes) {
  constexpr std::int64_t kWorkingSet = 48'000'000;
  return std::max(std::int64_t{8} * base::threads(), kWorkingSet / bytes);
}

// The widest type that the network's weights have: its activations' type.
std::int64_t number_size(const nn::Network& network) {
  std::int64_t widest = 0;
  for (const auto& [name, tensor] : network.state.tensors()) {
    if (tensor.is_floating_point())
      widest = std::max(widest, static_cast<std::int64_t>(tensor.element_size()));
  }
  return widest > 0 ? widest : 4;
}

base::Progress of_all(const base::Progress& progress, std::int64_t first, std::int64_t count,
                      std::int64_t images) {
  if (!progress) return {};
  return [=](base::ProgressUpdate update) {
    const double an_image = update.total / static_cast<double>(count);
    update.done += an_image * static_cast<double>(first);
    update.total = an_image * static_cast<double>(images);
    progress(update);
  };
}

}  // namespace

std::int64_t chunk_size(const nn::Network& network, std::int64_t memory, Pass pass) {
  base::require(memory > 0, "the memory for explaining must be a positive number of bytes, got {}",
                memory);
  std::int64_t all = 0;
  std::int64_t largest = 0;
  const std::int64_t size = number_size(network);
  for (const auto& node : nn::costs(network)) {
    const std::int64_t bytes = node.activation_bytes / 4 * size;  // counted in float32
    all += bytes;
    largest = std::max(largest, bytes);
  }
  // A forward pass frees values at their last use: an input, an output, a skip connection live.
  const std::int64_t sample =
      std::max<std::int64_t>(1, pass == Pass::gradient ? 2 * all : 4 * largest);
  const std::int64_t fits = std::max<std::int64_t>(1, memory / sample);
  return on_processor(network) ? std::min(fits, near_caches(sample)) : fits;
}

void for_each_gradient(const nn::Network& network, const at::Tensor& targets, std::int64_t samples,
                       std::string_view stage, const Execution& execution, const MakeInputs& make,
                       const TakeGradients& take) {
  const std::int64_t runs = targets.size(0) * samples;
  const std::int64_t chunk = chunk_size(network, execution.memory, Pass::gradient);
  for (std::int64_t first = 0; first < runs; first += chunk) {
    const std::int64_t count = std::min(chunk, runs - first);
    const at::Tensor index = at::arange(first, first + count);
    const Runs part{first, count, index.div(samples, "floor"), index.remainder(samples)};
    at::Tensor inputs = make(part).detach();
    const c10::AutoGradMode with_gradients(true);
    inputs.set_requires_grad(true);
    const at::Tensor scores =
        target_scores(network(inputs), targets.index_select(0, part.image.to(targets.device())));
    const at::Tensor gradients = gradient(scores, inputs);
    const c10::NoGradGuard no_grad;
    take(part, gradients);
    base::report(execution.progress, {.stage = stage,
                                      .done = static_cast<double>(first + count),
                                      .total = static_cast<double>(runs),
                                      .unit = "passes"});
  }
}

at::Tensor by_blocks(std::int64_t images, std::int64_t bytes, const Execution& execution,
                     const MakeMaps& make) {
  const std::int64_t most =
      std::max<std::int64_t>(1, execution.memory / 4 / std::max<std::int64_t>(1, bytes));
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < images || parts.empty(); first += most) {
    const std::int64_t count = std::min(most, images - first);
    Execution rest = execution;
    rest.memory = std::max<std::int64_t>(1, execution.memory - count * bytes);
    rest.progress = of_all(execution.progress, first, count, images);
    parts.push_back(make(first, count, rest));
  }
  return parts.size() == 1 ? parts.front() : at::cat(parts);
}

}  // namespace ranklens::explain
