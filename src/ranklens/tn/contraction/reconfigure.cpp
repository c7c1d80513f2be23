#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ranklens/tn/contraction/refine.h"

namespace ranklens::tn {
namespace {

/// The best tree above a few nodes, by going through all of them.
class Subtree {
 public:
  Subtree(Tree& tree, Minimize minimize) : tree_(tree), minimize_(minimize) {}

  /// Whether the tree below `top` became better.
  bool improve(std::int32_t top, int width) {
    expand(top, width);
    if (frontier_.size() < 3) return false;
    offset_ = -std::numeric_limits<double>::infinity();
    for (const auto node : inner_) offset_ = std::max(offset_, tree_.weight(node, minimize_));
    double before = 0;
    for (const auto node : inner_) before += std::exp2(tree_.weight(node, minimize_) - offset_);
    fill_labels(top);
    search(before);
    const auto all = best_.size() - 1;
    if (!(best_[all] < before * (1 - 1e-9))) return false;
    spare_ = inner_;
    spare_.erase(std::find(spare_.begin(), spare_.end(), top));
    build(all, top);
    return true;
  }

 private:
  /// The nearest descendants, the largest opened first.
  void expand(std::int32_t top, int width) {
    frontier_.assign(1, top);
    inner_.clear();
    while (frontier_.size() < static_cast<std::size_t>(width)) {
      std::size_t widest = frontier_.size();
      for (std::size_t k = 0; k < frontier_.size(); ++k) {
        if (tree_.is_leaf(frontier_[k])) continue;
        if (widest == frontier_.size() ||
            tree_.node(frontier_[k]).flops > tree_.node(frontier_[widest]).flops) {
          widest = k;
        }
      }
      if (widest == frontier_.size()) return;
      const auto opened = frontier_[widest];
      inner_.push_back(opened);
      frontier_[widest] = tree_.node(opened).left;
      frontier_.push_back(tree_.node(opened).right);
    }
  }

  std::uint64_t* row(std::size_t set) { return rows_.data() + set * tree_.words(); }

  /// Labels of each set of the frontier: those in it and outside it.
  void fill_labels(std::int32_t top) {
    const auto words = tree_.words(), sets = std::size_t{1} << frontier_.size();
    any_.assign(sets * words, 0);
    rows_.resize(sets * words);
    size_.resize(sets);
    for (std::size_t set = 1; set < sets; ++set) {
      const auto low = static_cast<std::size_t>(__builtin_ctzll(set));
      const auto *rest = any_.data() + (set & (set - 1)) * words, *one = tree_.bits(frontier_[low]);
      auto* to = any_.data() + set * words;
      for (std::size_t k = 0; k < words; ++k) to[k] = rest[k] | one[k];
    }
    const auto* kept = tree_.bits(top);
    for (std::size_t set = 1; set < sets; ++set) {
      const auto *in = any_.data() + set * words, *out = any_.data() + (sets - 1 - set) * words;
      auto* to = row(set);
      if ((set & (set - 1)) == 0) {  // one tensor keeps all its labels until it merges
        std::copy(in, in + words, to);
      } else {
        for (std::size_t k = 0; k < words; ++k) to[k] = in[k] & (out[k] | kept[k]);
      }
      size_[set] = tree_.labels().size(to);
    }
  }

  void search(double bound) {
    const auto sets = std::size_t{1} << frontier_.size();
    best_.assign(sets, bound);
    split_.assign(sets, 0);
    for (std::size_t set = 1; set < sets; ++set) {
      if ((set & (set - 1)) == 0) {
        best_[set] = 0;
        continue;
      }
      const auto low = set & (~set + 1);
      for (std::size_t part = (set - 1) & set; part > 0; part = (part - 1) & set) {
        if ((part & low) == 0) continue;
        const double below = best_[part] + best_[set ^ part];
        if (below >= best_[set]) continue;
        const double flops = tree_.labels().joined(row(part), row(set ^ part));
        const double cost = below + std::exp2(step_weight(minimize_, flops, size_[set]) - offset_);
        if (cost < best_[set]) {
          best_[set] = cost;
          split_[set] = part;
        }
      }
    }
  }

  /// Builds the tree of a set at `node`, of nodes that the former tree left.
  void build(std::size_t set, std::int32_t node) {
    std::int32_t children[2];
    const std::size_t parts[2] = {split_[set], set ^ split_[set]};
    for (int side = 0; side < 2; ++side) {
      const auto part = parts[side];
      if ((part & (part - 1)) == 0) {
        children[side] = frontier_[static_cast<std::size_t>(__builtin_ctzll(part))];
        continue;
      }
      children[side] = spare_.back();
      spare_.pop_back();
      std::copy(row(part), row(part) + tree_.words(), tree_.bits(children[side]));
      build(part, children[side]);
    }
    tree_.join(node, children[0], children[1]);
  }

  Tree& tree_;
  Minimize minimize_;
  double offset_ = 0;
  std::vector<std::int32_t> frontier_, inner_, spare_;
  std::vector<std::uint64_t> any_, rows_;
  std::vector<double> size_, best_;
  std::vector<std::size_t> split_;
};

}  // namespace

bool reconfigure(Tree& tree, Minimize minimize, int width, int rounds, Random& random,
                 const Deadline& deadline) {
  Subtree subtree(tree, minimize);
  bool any = false;
  for (int round = 0; round < rounds; ++round) {
    bool changed = false;
    auto order = tree.in_order();
    if (random.next() & 1U) std::reverse(order.begin(), order.end());
    for (const auto node : order) {
      if (deadline.passed()) return any;
      changed |= subtree.improve(node, width);
    }
    any |= changed;
    if (!changed) break;
  }
  return any;
}

}  // namespace ranklens::tn
