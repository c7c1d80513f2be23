#include "ranklens/train/evaluate.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/data/loader.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/logits.h"
#include "ranklens/train/loss.h"
#include "ranklens/train/room.h"

namespace ranklens::train {
namespace {

// Calls use(logits, labels) for every batch, in order, logits in float32 or wider.
template <class Use>
void for_batches(const nn::Network& network, const data::Dataset& data,
                 const EvaluateOptions& options, const Use& use) {
  base::require(options.batch >= 1, "a batch holds at least 1 image, not {}", options.batch);
  check_fits(network, data);
  require_pass_fits(network, std::min(options.batch, data.size()), options.execution);
  const at::NoGradGuard no_gradients;
  const at::Device device = device_of(network.state);
  const nn::Graph graph = nn::with_logits(network.graph);
  const nn::State state = laid_out(
      state_for(network.graph, network.state, options.execution.compute), options.execution);
  for (std::int64_t first = 0; first < data.size(); first += options.batch) {
    const std::int64_t end = std::min(first + options.batch, data.size());
    const auto batch =
        data::batch_of(data, at::arange(first, end, at::kLong), options.execution.channels_last);
    const auto logits = nn::run(graph, state, {batch.images.to(device)}).output();
    use(logits.scalar_type() == at::kDouble ? logits : logits.to(at::kFloat),
        batch.labels.to(device));
    base::report(options.progress, {.stage = options.stage,
                                    .done = static_cast<double>(end),
                                    .total = static_cast<double>(data.size()),
                                    .unit = "images"});
  }
}

}  // namespace

void check_fits(const nn::Network& network, const data::Dataset& data) {
  base::require(data.size() > 0, "the data set '{}' has no images", data.name);
  base::require(network.graph.inputs().size() == 1, "an image classifier takes 1 input, not {}",
                network.graph.inputs().size());
  const auto& sample = network.graph.inputs().front().sample;
  const std::vector<std::int64_t> image{data.channels(), data.height(), data.width()};
  base::require(sample == image, "the network takes images of [{}], the data have [{}]",
                fmt::join(sample, ", "), fmt::join(image, ", "));
  const auto shapes = nn::value_shapes(network.graph, 2);
  const auto& output = shapes.at(network.graph.outputs().front());
  const std::int64_t greatest = data.labels.max().item<std::int64_t>();
  base::require(output.size() == 2 && greatest < output[1],
                "the network gives outputs of [{}] for 2 images, the data have classes up to {}",
                fmt::join(output, ", "), greatest);
}

Evaluation evaluate(const nn::Network& network, const data::Dataset& data,
                    const EvaluateOptions& options) {
  double loss = 0;
  std::int64_t correct = 0;
  for_batches(network, data, options, [&](const at::Tensor& logits, const at::Tensor& labels) {
    loss += cross_entropy_sum(logits.to(at::kDouble), labels).item<double>();
    correct += count_correct(logits, labels);
  });
  const auto count = static_cast<double>(data.size());
  return {
      .loss = loss / count, .accuracy = static_cast<double>(correct) / count, .count = data.size()};
}

at::Tensor predict(const nn::Network& network, const data::Dataset& data,
                   const EvaluateOptions& options) {
  std::vector<at::Tensor> outputs;
  for_batches(network, data, options, [&](const at::Tensor& logits, const at::Tensor&) {
    outputs.push_back(logits.to(at::kCPU, at::kFloat));
  });
  return at::cat(outputs);
}

}  // namespace ranklens::train
