#include "ranklens/explain/layers.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/inspect.h"

namespace ranklens::explain {
namespace {

bool one_of(std::string_view kind, std::initializer_list<std::string_view> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// The kind, or for a generic ATen node the operator's name ("aten::convolution").
std::string kind_of(const nn::Node& node) {
  if (node.op->kind() != "aten") return std::string(node.op->kind());
  return node.op->options().value("operator", std::string("aten"));
}

bool is_convolution(const nn::Node& node) {
  return kind_of(node).find("conv") != std::string::npos;
}

bool is_activation(const nn::Node& node) {
  return one_of(kind_of(node), {"relu", "relu6", "gelu", "aten::relu", "aten::gelu", "aten::silu",
                                "aten::hardtanh", "aten::hardswish", "aten::elu",
                                "aten::leaky_relu", "aten::sigmoid", "aten::tanh"});
}

// Steps that keep every pixel where it is.
bool keeps_pixels(const nn::Node& node) {
  return is_activation(node) ||
         one_of(kind_of(node),
                {"batch_norm", "add", "dropout", "aten::batch_norm", "aten::add", "aten::dropout"});
}

const nn::Node* last_convolution(const nn::Network& network, const std::vector<Layer>& spatial) {
  const nn::Node* last = nullptr;
  for (const auto& node : network.graph.nodes()) {
    const bool there = std::any_of(spatial.begin(), spatial.end(),
                                   [&](const Layer& layer) { return layer.value == node.name; });
    if (there && is_convolution(node)) last = &node;
  }
  return last;
}

// The first node after `value` that takes it and for which `test` holds.
template <class Test>
const nn::Node* consumer(const nn::Graph& graph, std::string_view value, Test&& test) {
  for (const auto& node : graph.nodes()) {
    const bool takes =
        std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
    if (takes && test(node)) return &node;
  }
  return nullptr;
}

std::string pixels(const std::vector<Layer>& spatial, std::string_view value) {
  for (const auto& layer : spatial) {
    if (layer.value == value) return fmt::format("{}x{}", layer.height, layer.width);
  }
  return "";
}

LayerChoice automatic(const nn::Network& network, const std::vector<Layer>& spatial) {
  base::require(!spatial.empty(),
                "no layer of the network keeps pixels apart: there is no place "
                "for a class activation map");
  const nn::Node* convolution = last_convolution(network, spatial);
  if (convolution == nullptr) {
    const Layer& last = spatial.back();
    return {last.value,
            fmt::format("'{}' is the last layer with more than one pixel ({}x{}); there "
                        "is no convolution",
                        last.value, last.height, last.width)};
  }
  const nn::Node* found = nullptr;
  const nn::Node* node = convolution;
  while ((node = consumer(network.graph, node->name, keeps_pixels)) != nullptr) {
    if (is_activation(*node)) found = node;
  }
  if (found == nullptr) {
    return {convolution->name,
            fmt::format("'{}' is the last convolution ({}); no activation follows it",
                        convolution->name, pixels(spatial, convolution->name))};
  }
  return {found->name,
          fmt::format("'{}' is the last activation after the last convolution, '{}' ({})",
                      found->name, convolution->name, pixels(spatial, found->name))};
}

LayerChoice after_convolution(const nn::Network& network, const std::vector<Layer>& spatial) {
  const nn::Node* convolution = last_convolution(network, spatial);
  base::require(convolution != nullptr, "the network has no convolution with more than one pixel");
  const nn::Node* found = consumer(network.graph, convolution->name, is_activation);
  base::require(found != nullptr,
                "no activation takes the output of the last convolution, '{}', directly; name a "
                "layer or use 'auto'",
                convolution->name);
  return {found->name, fmt::format("'{}' is the activation of the last convolution, '{}', before "
                                   "any batch norm ({})",
                                   found->name, convolution->name, pixels(spatial, found->name))};
}

}  // namespace

std::vector<Layer> spatial_layers(const nn::Network& network) {
  const auto shapes = nn::value_shapes(network.graph);
  std::vector<Layer> layers;
  for (const auto& name : network.graph.value_names()) {
    const nn::Node* node = network.graph.producer(name);
    const auto& shape = shapes.at(name);
    if (node == nullptr || shape.size() != 4 || shape[2] * shape[3] <= 1) continue;
    layers.push_back({name, kind_of(*node), shape[1], shape[2], shape[3]});
  }
  return layers;
}

LayerChoice choose_layer(const nn::Network& network, std::string_view layer) {
  if (layer == "auto") return automatic(network, spatial_layers(network));
  if (layer == "conv-activation") return after_convolution(network, spatial_layers(network));
  network.graph.require_value(layer);
  const auto shape = nn::value_shapes(network.graph).at(std::string(layer));
  base::require(
      shape.size() == 4,
      "the layer '{}' has no pixels: a sample of it has the shape {}; choose one with "
      "[channels, height, width]",
      layer,
      shape.empty() ? "" : fmt::format("{}", fmt::join(shape.begin() + 1, shape.end(), "x")));
  return {std::string(layer), fmt::format("'{}' was asked for", layer)};
}

}  // namespace ranklens::explain
