#include "ranklens/tn/contraction/tree.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {

LabelBits::LabelBits(const Network& network) : bit_(network.labels()) {
  std::map<double, std::vector<std::size_t>> by_weight;
  for (std::size_t label = 0; label < network.labels(); ++label) {
    by_weight[network.weights[label]].push_back(label);
  }
  for (const auto& [weight, labels] : by_weight) {
    for (std::size_t k = 0; k < labels.size(); ++k) {
      if (k % 64 == 0) word_weight_.push_back(weight);
      bit_[labels[k]] = (word_weight_.size() - 1) * 64 + k % 64;
    }
  }
}

std::vector<std::uint64_t> LabelBits::row(const Labels& labels) const {
  std::vector<std::uint64_t> bits(words(), 0);
  for (const auto label : labels) {
    const auto bit = bit_[static_cast<std::size_t>(label)];
    bits[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
  return bits;
}

Tree::Tree(const Network& network, const Path& path)
    : labels_(network),
      leaves_(network.terms.size()),
      words_(labels_.words()),
      root_(static_cast<std::int32_t>(2 * leaves_ - 2)),
      nodes_(2 * leaves_ - 1),
      rows_(nodes_.size() * words_, 0) {
  auto holders = holders_of(network);
  auto tensors = network.terms;
  tensors.reserve(nodes_.size());
  const auto place = [&](std::size_t node) {
    const auto row = labels_.row(tensors[node]);
    std::copy(row.begin(), row.end(), rows_.begin() + static_cast<std::ptrdiff_t>(node * words_));
    nodes_[node].size = network.log2_size(tensors[node]);
  };
  for (std::size_t leaf = 0; leaf < leaves_; ++leaf) place(leaf);
  for (const auto& [left, right] : path) {
    const auto &a = tensors[static_cast<std::size_t>(left)],
               &b = tensors[static_cast<std::size_t>(right)];
    auto result = merged_labels(holders, a, b);
    for (const auto* gone : {&a, &b}) {
      for (const auto label : *gone) --holders[static_cast<std::size_t>(label)];
    }
    for (const auto label : result) ++holders[static_cast<std::size_t>(label)];
    const auto number = tensors.size();
    tensors.push_back(std::move(result));
    place(number);
    join(static_cast<std::int32_t>(number), left, right);
  }
}

void Tree::join(std::int32_t parent, std::int32_t left, std::int32_t right) {
  auto& made = node(parent);
  made.left = left;
  made.right = right;
  node(left).parent = node(right).parent = parent;
  made.size = labels_.size(bits(parent));
  made.flops = labels_.joined(bits(left), bits(right));
}

double Tree::total(Minimize minimize) const {
  LogSum sum;
  for (std::size_t k = leaves_; k < nodes_.size(); ++k) {
    sum.add(weight(static_cast<std::int32_t>(k), minimize));
  }
  return nodes_.size() > leaves_ ? sum.log2() : 0;
}

double Tree::largest() const {
  double size = 0;
  for (std::size_t k = leaves_; k < nodes_.size(); ++k) size = std::max(size, nodes_[k].size);
  return size;
}

std::vector<std::int32_t> Tree::in_order() const {
  std::vector<std::int32_t> order, open{root_};
  if (is_leaf(root_)) return order;
  while (!open.empty()) {
    const auto next = open.back();
    open.pop_back();
    order.push_back(next);
    for (const auto child : {node(next).left, node(next).right}) {
      if (!is_leaf(child)) open.push_back(child);
    }
  }
  std::reverse(order.begin(), order.end());
  return order;
}

Path Tree::path() const {
  Path steps;
  std::vector<std::int32_t> number(nodes_.size());
  for (std::size_t leaf = 0; leaf < leaves_; ++leaf) number[leaf] = static_cast<std::int32_t>(leaf);
  for (const auto made : in_order()) {
    number[static_cast<std::size_t>(made)] = static_cast<std::int32_t>(leaves_ + steps.size());
    steps.push_back({number[static_cast<std::size_t>(node(made).left)],
                     number[static_cast<std::size_t>(node(made).right)]});
  }
  return steps;
}

double path_weight(const Network& network, const Path& path, Minimize minimize) {
  auto holders = holders_of(network);
  auto tensors = network.terms;
  LogSum sum;
  for (const auto& [left, right] : path) {
    const auto a = std::exchange(tensors[static_cast<std::size_t>(left)], {});
    const auto b = std::exchange(tensors[static_cast<std::size_t>(right)], {});
    auto result = merged_labels(holders, a, b);
    Labels shared;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
    for (const auto* gone : {&a, &b}) {
      for (const auto label : *gone) --holders[static_cast<std::size_t>(label)];
    }
    for (const auto label : result) ++holders[static_cast<std::size_t>(label)];
    const double flops = network.log2_size(a) + network.log2_size(b) - network.log2_size(shared);
    sum.add(step_weight(minimize, flops, network.log2_size(result)));
    tensors.push_back(std::move(result));
  }
  return path.empty() ? 0 : sum.log2();
}

}  // namespace ranklens::tn
