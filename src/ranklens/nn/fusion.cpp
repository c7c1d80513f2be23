#include "ranklens/nn/fusion.h"

#include "ranklens/nn/operators/activation.h"
#include "ranklens/nn/operators/norm.h"
#include "ranklens/nn/operators/pool.h"
#include "ranklens/nn/operators/shape_ops.h"

namespace ranklens::nn {
namespace {

template <class Kind>
const Kind* as(const Node& node) {
  return dynamic_cast<const Kind*>(node.op.get());
}

bool is_relu(const Node& node) {
  const auto* found = as<Activation>(node);
  return found != nullptr && found->function() == Activation::Function::relu;
}

bool is_halving(const Node& node) {
  const auto* found = as<Pool2d>(node);
  if (found == nullptr || found->function() != Pool2d::Function::max) return false;
  const auto& window = found->window();
  return window.kernel == 2 && window.stride == 2 && window.padding == 0;
}

/// Who uses a value, where it is one node and nobody else.
class Users {
 public:
  Users(const GraphData& graph, const std::vector<std::string>& want)
      : graph_(graph), count_(graph.values.size(), 0), user_(graph.values.size(), 0) {
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
      for (const auto slot : graph.input_slots[k]) ++count_[slot], user_[slot] = k;
    }
    for (const auto slot : graph.output_slots) ++count_[slot];
    for (const auto& name : want) ++count_[graph.slot(name, "the list of wanted values")];
  }

  /// The only user of what `node` computes, if `test` holds for it.
  template <class Test>
  std::optional<std::size_t> next(std::size_t node, const Test& test) const {
    const auto slot = graph_.first_output[node];
    if (graph_.nodes[node].op->outputs() != 1 || count_[slot] != 1) return std::nullopt;
    const auto user = user_[slot];
    // A wanted value without a user counts as one use, too.
    if (graph_.input_slots[user] != std::vector<std::size_t>{slot}) return std::nullopt;
    return test(graph_.nodes[user]) ? std::optional(user) : std::nullopt;
  }

 private:
  const GraphData& graph_;
  std::vector<std::size_t> count_, user_;
};

}  // namespace

std::vector<std::size_t> Group::nodes() const {
  std::vector<std::size_t> all;
  if (relu) all.push_back(*relu);
  all.push_back(norm);
  if (pool) all.push_back(*pool);
  if (dropout) all.push_back(*dropout);
  return all;
}

std::vector<Group> fusible(const GraphData& graph, const RunOptions& options) {
  std::vector<Group> groups;
  if (options.mode != Mode::train || options.batch_norm != BatchNormMode::update) return groups;
  const Users users(graph, options.want);
  const auto is_norm = [](const Node& node) { return as<BatchNorm>(node) != nullptr; };
  std::vector<bool> taken(graph.nodes.size(), false);
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    Group group;
    if (is_relu(graph.nodes[k])) {
      const auto norm = users.next(k, is_norm);
      if (!norm) continue;
      group.relu = k, group.norm = *norm;
    } else if (is_norm(graph.nodes[k]) && !taken[k]) {
      group.norm = k;
    } else {
      continue;
    }
    group.pool = users.next(group.norm, is_halving);
    if (group.pool) {
      group.dropout =
          users.next(*group.pool, [](const Node& node) { return as<Dropout>(node) != nullptr; });
    }
    for (const auto node : group.nodes()) taken[node] = true;
    groups.push_back(group);
  }
  return groups;
}

}  // namespace ranklens::nn
