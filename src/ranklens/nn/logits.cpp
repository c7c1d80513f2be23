#include "ranklens/nn/logits.h"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

namespace ranklens::nn {
namespace {

bool over_classes(const nlohmann::json& dim) { return dim == -1 || dim == 1; }

/// Which of its inputs libtorch's softmax over the classes is taken of; nothing for other
/// operators.
std::optional<std::size_t> softmax_input(const nlohmann::json& aten) {
  const auto& arguments = aten.at("arguments");
  const bool softmax = aten.at("operator") == "aten::softmax";
  if (!softmax || arguments.size() < 2 || !over_classes(arguments[1])) return std::nullopt;
  const auto& first = arguments[0];
  if (!first.is_object() || !first.contains("input")) return std::nullopt;
  return first.at("input").get<std::size_t>();
}

/// The place among the node's inputs of the logits of a softmax.
std::optional<std::size_t> logits_input(const Node& node) {
  const auto kind = node.op->kind();
  if (kind == "softmax" && over_classes(node.op->options().at("dim"))) return 0;
  return kind == "aten" ? softmax_input(node.op->options()) : std::nullopt;
}

bool is_used(const Graph& graph, const std::string& value) {
  const auto among = [&](const std::vector<std::string>& values) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  return among(graph.outputs()) || std::any_of(graph.nodes().begin(), graph.nodes().end(),
                                               [&](const Node& one) { return among(one.inputs); });
}

}  // namespace

const Node* final_softmax(const Graph& graph) {
  const Node* last = graph.producer(graph.outputs().front());
  return last != nullptr && logits_input(*last) ? last : nullptr;
}

const std::string& logits_value(const Graph& graph) {
  const Node* last = final_softmax(graph);
  return last == nullptr ? graph.outputs().front() : last->inputs.at(*logits_input(*last));
}

Graph with_logits(const Graph& graph) {
  const Node* last = final_softmax(graph);
  if (last == nullptr) return graph;
  auto outputs = graph.outputs();
  outputs.front() = logits_value(graph);
  Graph whole(graph.inputs(), graph.nodes(), outputs);
  if (is_used(whole, last->name)) return whole;
  auto nodes = graph.nodes();
  std::erase_if(nodes, [&](const Node& node) { return node.name == last->name; });
  return {graph.inputs(), std::move(nodes), std::move(outputs)};
}

}  // namespace ranklens::nn
