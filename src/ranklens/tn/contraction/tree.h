#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/contraction/network.h"

namespace ranklens::tn {

/// What a search makes small.
enum class Minimize {
  flops,  ///< multiply-adds of all steps
  size,   ///< elements of the largest result; multiply-adds where that leaves a choice
  combo,  ///< multiply-adds + 64 times the elements written, which is nearer to time
};

/// What one step counts, as log2, from the log2 of its multiply-adds and of its result's elements.
/// For `size` a high power of the elements stands for their largest.
inline double step_weight(Minimize minimize, double flops, double size) {
  if (minimize == Minimize::flops) return flops;
  if (minimize == Minimize::size) return 6 * size + 0.1 * flops;
  const double write = size + 6;
  const double high = flops > write ? flops : write, low = flops > write ? write : flops;
  return high + __builtin_log2(1 + __builtin_exp2(low - high));
}

/// Sets of labels as rows of bits; each word has labels of one size only, so that the size of a set
/// is a sum over words.
class LabelBits {
 public:
  explicit LabelBits(const Network& network);

  std::size_t words() const { return word_weight_.size(); }
  std::vector<std::uint64_t> row(const Labels& labels) const;

  /// log2 of the elements of a | b.
  double joined(const std::uint64_t* a, const std::uint64_t* b) const {
    double sum = 0;
    for (std::size_t k = 0; k < word_weight_.size(); ++k) {
      sum += word_weight_[k] * __builtin_popcountll(a[k] | b[k]);
    }
    return sum;
  }
  double size(const std::uint64_t* a) const { return joined(a, a); }
  bool has(const std::uint64_t* a, Label label) const {
    const auto bit = bit_[static_cast<std::size_t>(label)];
    return (a[bit / 64] >> (bit % 64) & 1U) != 0;
  }

 private:
  std::vector<std::size_t> bit_;  // by label
  std::vector<double> word_weight_;
};

/// A tree of merges with the labels, size and cost of each node. Leaves are 0 ... n - 1, the others
/// n ... 2n - 2, in no particular order.
class Tree {
 public:
  struct Node {
    std::int32_t left = -1, right = -1, parent = -1;
    double size = 0;   ///< log2 elements
    double flops = 0;  ///< log2 multiply-adds of the step that makes it; of leaves nothing
  };

  Tree(const Network& network, const Path& path);

  Path path() const;
  std::size_t leaves() const { return leaves_; }
  std::int32_t root() const { return root_; }
  bool is_leaf(std::int32_t node) const { return static_cast<std::size_t>(node) < leaves_; }
  const Node& node(std::int32_t number) const { return nodes_[static_cast<std::size_t>(number)]; }
  Node& node(std::int32_t number) { return nodes_[static_cast<std::size_t>(number)]; }
  const std::uint64_t* bits(std::int32_t node) const {
    return rows_.data() + static_cast<std::size_t>(node) * words_;
  }
  std::uint64_t* bits(std::int32_t node) {
    return rows_.data() + static_cast<std::size_t>(node) * words_;
  }
  std::size_t words() const { return words_; }
  const LabelBits& labels() const { return labels_; }

  double weight(std::int32_t node, Minimize minimize) const {
    return step_weight(minimize, this->node(node).flops, this->node(node).size);
  }
  /// log2 of the sum of all steps' weights.
  double total(Minimize minimize) const;
  double largest() const;  ///< log2 elements of the largest result

  /// Internal nodes, children before parents.
  std::vector<std::int32_t> in_order() const;
  /// Makes `parent` the step that merges two nodes; its labels stay as they are.
  void join(std::int32_t parent, std::int32_t left, std::int32_t right);
  void set_root(std::int32_t root) {
    root_ = root;
    node(root).parent = -1;
  }

 private:
  LabelBits labels_;
  std::size_t leaves_, words_;
  std::int32_t root_ = 0;
  std::vector<Node> nodes_;
  std::vector<std::uint64_t> rows_;
};

/// log2 of the sum of all steps' weights of a path, without a tree's memory.
double path_weight(const Network& network, const Path& path, Minimize minimize);

}  // namespace ranklens::tn
