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

bool is_norm(const Node& node) { return as<BatchNorm>(node) != nullptr; }

/// The group that begins at a node, if one does; `norms`: whether groups may have a norm.
std::optional<Group> group_from(const GraphData& graph, const Users& users, std::size_t k,
                                bool norms) {
  Group group;
  if (is_relu(graph.nodes[k])) {
    group.relu = k;
    group.norm = norms ? users.next(k, is_norm) : std::nullopt;
  } else if (norms && is_norm(graph.nodes[k])) {
    group.norm = k;
  } else {
    return std::nullopt;
  }
  group.pool = users.next(group.norm.value_or(k), is_halving);
  if (!group.norm) return group.pool ? std::optional(group) : std::nullopt;
  if (group.pool) {
    group.dropout =
        users.next(*group.pool, [](const Node& node) { return as<Dropout>(node) != nullptr; });
  }
  return group;
}

}  // namespace

std::vector<std::size_t> Group::nodes() const {
  std::vector<std::size_t> all;
  for (const auto& part : {relu, norm, pool, dropout}) {
    if (part) all.push_back(*part);
  }
  return all;
}

std::vector<Group> fusible(const GraphData& graph, const RunOptions& options) {
  std::vector<Group> groups;
  if (options.mode != Mode::train) return groups;
  const bool norms = options.batch_norm == BatchNormMode::update;
  const Users users(graph, options.want);
  std::vector<bool> taken(graph.nodes.size(), false);
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    if (taken[k]) continue;
    const auto group = group_from(graph, users, k, norms);
    if (!group) continue;
    for (const auto node : group->nodes()) taken[node] = true;
    groups.push_back(*group);
  }
  return groups;
}

}  // namespace ranklens::nn
