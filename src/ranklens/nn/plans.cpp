#include "ranklens/nn/plans.h"

#include <algorithm>

#include <ATen/ops/empty.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/dtype.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/nn/operators/conv2d.h"
#include "ranklens/tn/linear/application_cost.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/tt_linear.h"

namespace ranklens::nn {
namespace {

constexpr const char *kFast = "fast", *kLowMemory = "low memory";

/// One node with a weight in factors and the shapes around it.
struct PlannedNode {
  const Weight& weight;
  std::string_view kind;  ///< of the operator
  Shape input, output;
  ConvSizes sizes{};  ///< of a convolution
  double multiply_adds = 0;
  std::int64_t bytes = 4;

  double inputs() const { return pixels(input); }
  double outputs() const { return pixels(output); }

  /// Images times pixels; of a linear map its rows.
  double pixels(const Shape& shape) const {
    const bool image = shape.size() == 4 && weight->shape().size() == 4;
    const auto count =
        image ? shape[0] * shape[2] * shape[3] : c10::multiply_integers(shape) / shape.back();
    return static_cast<double>(count);
  }
};

ConvSizes conv_sizes(const Operator& op, const Shape& input, const Shape& output) {
  const auto* conv = dynamic_cast<const Conv2d*>(&op);
  return conv != nullptr ? conv->pixels(input, output) : ConvSizes{};
}

/// What nn::with_low_memory() makes of a weight that is no linear map by a train: the backward pass
/// begins with a forward pass that keeps its results.
PlannedPass recomputing(const PlannedPass& forward, const PlannedPass& training) {
  auto pass = training;
  pass.mode = kLowMemory;
  pass.forward = forward.forward;
  pass.backward = training.forward + training.backward;
  pass.kept = 0;
  pass.working = training.kept + training.working;
  return pass;
}

/// One order whatever the batch: `between` are the numbers of its intermediate results.
std::vector<PlannedPass> fixed_order(const PlannedNode& node, std::string order, double between) {
  const double bytes = static_cast<double>(node.bytes) * between;
  PlannedPass forward{.pass = "forward",
                      .mode = "",
                      .order = std::move(order),
                      .forward = 2 * node.multiply_adds,
                      .working = bytes};
  auto training = forward;
  training.pass = "training";
  training.mode = kFast;
  training.backward = 2 * training.forward;
  training.kept = bytes;
  return {forward, training, recomputing(forward, training)};
}

std::vector<PlannedPass> of_low_rank(const PlannedNode& node) {
  const auto factors = node.weight->factors();
  const auto rank = static_cast<double>(factors.back().tensor.size(1));
  return fixed_order(node, factors.size() == 3 ? "V, then U S" : "V, then U",
                     node.outputs() * rank);
}

std::vector<PlannedPass> of_tucker(const PlannedNode& node) {
  const auto& core = node.weight->factors()[1].tensor;
  return fixed_order(node, "V, then the core, then U",
                     node.inputs() * static_cast<double>(core.size(1)) +
                         node.outputs() * static_cast<double>(core.size(0)));
}

std::vector<PlannedPass> of_terms(const PlannedNode& node) {
  const auto factors = node.weight->factors();
  const auto rank = static_cast<double>(factors[0].tensor.size(1));
  if (factors.size() == 2) return fixed_order(node, "inputs, then outputs", node.outputs() * rank);
  // The padding is added to the r channels, so it is they that are kept with it. Down the columns
  // first: as many columns as the padded input has, as many rows as the output.
  const auto& sizes = node.sizes;
  const double between =
      static_cast<double>(node.output[0]) *
      static_cast<double>(sizes.padded_pixels() + sizes.out_height * sizes.padded_width);
  return fixed_order(node, "input channels, down, across, output channels",
                     (between + node.outputs()) * rank);
}

PlannedPass train_pass(const std::vector<at::Tensor>& cores, std::int64_t rows, bool training,
                       tn::KeepStates keep) {
  const auto modes = tn::modes_of(cores);
  const auto schedule = tn::tt_linear_schedule(cores, rows, training, keep);
  const auto cost = tn::schedule_cost(
      modes, schedule, rows, static_cast<std::int64_t>(cores.front().element_size()), training);
  const char* mode = !training ? "" : keep == tn::KeepStates::fast ? kFast : kLowMemory;
  return {.pass = training ? "training" : "forward",
          .mode = mode,
          .order = tn::describe(schedule),
          .forward = cost.forward,
          .backward = cost.backward,
          .kept = cost.kept,
          .working = cost.working};
}

std::vector<PlannedPass> train_passes(const std::vector<at::Tensor>& cores, std::int64_t rows) {
  return {train_pass(cores, rows, false, tn::KeepStates::fast),
          train_pass(cores, rows, true, tn::KeepStates::fast),
          train_pass(cores, rows, true, tn::KeepStates::low_memory)};
}

/// The window is applied to every channel by itself, then the train to the channels of each pixel;
/// its first core takes the window's rank as a part of its inputs.
std::vector<PlannedPass> of_window_train(const PlannedNode& node) {
  const auto factors = node.weight->factors();
  std::vector<at::Tensor> cores;
  for (std::size_t k = 1; k < factors.size(); ++k) cores.push_back(factors[k].tensor);
  const auto& first = cores.front();
  const auto rank = static_cast<double>(first.size(0));
  cores.front() = at::empty({1, first.size(1), first.size(0) * first.size(2), first.size(3)},
                            first.options().requires_grad(false));
  auto passes = train_passes(cores, static_cast<std::int64_t>(node.outputs()));
  passes.pop_back();
  const auto channels = static_cast<double>(node.weight->shape()[1]);
  const double window =
      2 * node.outputs() * static_cast<double>(factors[0].tensor.numel()) * channels;
  const double results = static_cast<double>(node.bytes) * node.outputs() * rank * channels;
  for (auto& pass : passes) {
    pass.order = "window of every channel; " + pass.order;
    pass.forward += window;
    if (pass.backward > 0) pass.backward += 2 * window;
    (pass.pass == "training" ? pass.kept : pass.working) += results;
  }
  passes.push_back(recomputing(passes[0], passes[1]));
  return passes;
}

std::vector<PlannedPass> of_train(const PlannedNode& node) {
  std::vector<at::Tensor> cores;
  for (const auto& factor : node.weight->factors()) cores.push_back(factor.tensor);
  if (node.weight->shape().size() == 2)
    return train_passes(cores, static_cast<std::int64_t>(node.outputs()));
  // A train of a kernel's matrix form: the kernel is multiplied out, then convolved with.
  const auto modes = tn::modes_of(cores);
  std::vector<PlannedPass> passes;
  for (const bool training : {false, true}) {
    const tn::Schedule rebuilt{
        .steps = {{0, modes.cores(), true}}, .rebuild = true, .stored = {training}};
    const auto cost = tn::schedule_cost(modes, rebuilt, static_cast<std::int64_t>(node.outputs()),
                                        node.bytes, training);
    passes.push_back({.pass = training ? "training" : "forward",
                      .mode = training ? kFast : "",
                      .order = "the dense kernel is rebuilt",
                      .forward = cost.forward,
                      .backward = cost.backward,
                      .kept = cost.kept,
                      .working = cost.working});
  }
  passes.push_back(recomputing(passes[0], passes[1]));
  return passes;
}

std::vector<PlannedPass> passes_of(const PlannedNode& node) {
  if (node.kind != "linear" && node.kind != "conv2d")
    return fixed_order(node, "what is looked up alone", 0);
  const auto kind = node.weight->kind();
  if (kind == "low_rank") return of_low_rank(node);
  if (kind == "tucker") return of_tucker(node);
  if (kind == "cp") return of_terms(node);
  if (kind == "tt_conv") return of_window_train(node);
  return of_train(node);
}

}  // namespace

std::vector<LayerPlan> layer_plans(const Network& network, std::int64_t batch) {
  const auto shapes = value_shapes(network.graph, batch);
  const auto nodes = costs(network, batch);
  std::vector<LayerPlan> plans;
  for (std::size_t k = 0; k < nodes.size(); ++k) {
    const auto& node = network.graph.nodes()[k];
    for (const auto& [role, name] : node.weights) {
      const auto& weight = network.state.at(name).weight;
      if (weight.is_dense()) continue;
      const auto factor = weight->factors().front().tensor;
      const auto &input = shapes.at(node.inputs.front()), &output = nodes[k].outputs.front();
      const PlannedNode planned{.weight = weight,
                                .kind = node.op->kind(),
                                .input = input,
                                .output = output,
                                .sizes = conv_sizes(*node.op, input, output),
                                .multiply_adds = static_cast<double>(nodes[k].multiply_adds),
                                .bytes = static_cast<std::int64_t>(factor.element_size())};
      plans.push_back({.layer = node.name,
                       .weight = weight->spec(),
                       .shape = weight->shape(),
                       .dtype = base::dtype_name(factor.scalar_type()),
                       .rows = static_cast<std::int64_t>(planned.outputs()),
                       .passes = passes_of(planned)});
    }
  }
  return plans;
}

}  // namespace ranklens::nn
