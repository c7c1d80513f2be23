#include "ranklens/tn/contraction/connected_search.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace ranklens::tn {
namespace {

using BitRows = std::vector<std::uint64_t>;

/// A connected set of tensors and the best tree of it.
struct ConnectedSet {
  double cost = 0;  ///< total weight / 2^offset
  double size = 0;
  std::int32_t left = -1, right = -1;  ///< the sets that it merges
};

struct BitsHash {
  const std::vector<std::uint64_t>* rows;
  std::size_t words;
  std::size_t operator()(std::int32_t set) const {
    std::uint64_t hash = 0;
    for (std::size_t k = 0; k < words; ++k) {
      hash = (hash ^ (*rows)[static_cast<std::size_t>(set) * words + k]) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 29U;
    }
    return hash;
  }
};

struct BitsEqual {
  const std::vector<std::uint64_t>* rows;
  std::size_t words;
  bool operator()(std::int32_t a, std::int32_t b) const {
    const auto* x = rows->data() + static_cast<std::size_t>(a) * words;
    const auto* y = rows->data() + static_cast<std::size_t>(b) * words;
    return std::equal(x, x + words, y);
  }
};

/// Dynamic programming over the connected sets of one connected part.
class ConnectedSearch {
 public:
  ConnectedSearch(const Network& network, std::vector<std::int32_t> members, Minimize minimize,
                  const ExactLimits& limits, const Deadline& deadline)
      : network_(network),
        members_(std::move(members)),
        minimize_(minimize),
        limits_(limits),
        deadline_(deadline),
        bits_(network),
        label_words_(bits_.words()),
        words_((members_.size() + 63) / 64),
        known_(64, BitsHash{&tensors_, words_}, BitsEqual{&tensors_, words_}) {
    whole_.assign(label_words_, 0);
    list_holders();
  }

  /// Merges by the best tree; false where there is none below the weight, or limits ended the
  /// search.
  bool run(Assembly& assembly) {
    add_leaves();
    const auto count = members_.size();
    for (std::size_t size = 2; size <= count; ++size) {
      by_size_.push_back(static_cast<std::int32_t>(found_.size()));
      for (std::size_t small = 1; small <= size / 2; ++small) {
        if (!merge_sizes(small, size - small)) return false;
      }
      index(size);
    }
    by_size_.push_back(static_cast<std::int32_t>(found_.size()));
    ended_ = true;
    if (by_size_[count] == by_size_[count - 1]) return false;
    emit(by_size_[count - 1], assembly);
    return true;
  }

  bool ended() const { return ended_; }

 private:
  /// Which labels the output has, and which tensors have each.
  void list_holders() {
    Labels kept;
    for (std::size_t label = 0; label < network_.labels(); ++label) {
      if (network_.open[label]) kept.push_back(static_cast<Label>(label));
    }
    kept_ = bits_.row(kept);
    holding_.resize(network_.labels());
    for (std::size_t k = 0; k < members_.size(); ++k) {
      for (const auto label : network_.terms[static_cast<std::size_t>(members_[k])]) {
        holding_[static_cast<std::size_t>(label)].push_back(static_cast<std::int32_t>(k));
      }
    }
  }

  std::uint64_t* tensors(std::int32_t set) {
    return tensors_.data() + static_cast<std::size_t>(set) * words_;
  }
  std::uint64_t* labels(std::int32_t set) {
    return labels_.data() + static_cast<std::size_t>(set) * label_words_;
  }
  std::uint64_t* near(std::int32_t set) {
    return near_.data() + static_cast<std::size_t>(set) * words_;
  }

  void add_leaves() {
    by_size_.push_back(0);
    const auto count = members_.size();
    tensors_.resize(count * words_, 0);
    near_.resize(count * words_, 0);
    for (std::size_t k = 0; k < count; ++k) {
      const auto set = static_cast<std::int32_t>(k);
      const auto& term = network_.terms[static_cast<std::size_t>(members_[k])];
      tensors(set)[k / 64] |= std::uint64_t{1} << (k % 64);
      for (const auto label : term) {
        for (const auto other : holding_[static_cast<std::size_t>(label)]) {
          near(set)[other / 64] |= std::uint64_t{1} << (other % 64);
        }
      }
      near(set)[k / 64] &= ~(std::uint64_t{1} << (k % 64));
      const auto row = bits_.row(term);
      labels_.insert(labels_.end(), row.begin(), row.end());
      found_.push_back({.cost = 0, .size = network_.log2_size(term)});
      known_.insert(set);
    }
    index(1);
  }

  /// Lists the sets of a size under each of their tensors.
  void index(std::size_t size) {
    auto& lists = containing_.emplace_back(members_.size());
    for (auto set = by_size_[size - 1]; set < static_cast<std::int32_t>(found_.size()); ++set) {
      for (std::size_t word = 0; word < words_; ++word) {
        for (auto rest = tensors(set)[word]; rest != 0; rest &= rest - 1) {
          lists[word * 64 + static_cast<std::size_t>(__builtin_ctzll(rest))].push_back(set);
        }
      }
    }
  }

  std::int32_t end_of(std::size_t size) const {
    return size < by_size_.size() ? by_size_[size] : static_cast<std::int32_t>(found_.size());
  }

  bool merge_sizes(std::size_t small, std::size_t large) {
    // The fewer sets look for partners among the others through a tensor that is next to them.
    const bool swap = end_of(small) - by_size_[small - 1] > end_of(large) - by_size_[large - 1];
    const auto own = swap ? large : small, other = swap ? small : large;
    const auto& partners = containing_[other - 1];
    for (auto set = by_size_[own - 1]; set < by_size_[own]; ++set) {
      for (std::size_t word = 0; word < words_; ++word) {
        for (auto rest = near(set)[word]; rest != 0; rest &= rest - 1) {
          const auto tensor = word * 64 + static_cast<std::size_t>(__builtin_ctzll(rest));
          for (const auto partner : partners[tensor]) {
            if (own != other || set < partner) try_merge(set, partner, tensor);
          }
        }
      }
      if (found_.size() > limits_.sets || (++looked_ % 64 == 0 && deadline_.passed())) return false;
    }
    return true;
  }

  void try_merge(std::int32_t a, std::int32_t b, std::size_t through) {
    const double below =
        found_[static_cast<std::size_t>(a)].cost + found_[static_cast<std::size_t>(b)].cost;
    if (below >= 1) return;
    const auto *x = tensors(a), *y = tensors(b), *next = near(a);
    for (std::size_t k = 0; k < words_; ++k) {
      if (x[k] & y[k]) return;
    }
    // Each pair once: through the first of b's tensors that is next to a.
    for (std::size_t k = 0; k <= through / 64; ++k) {
      const auto shared = next[k] & y[k];
      if (shared == 0) continue;
      if (k * 64 + static_cast<std::size_t>(__builtin_ctzll(shared)) != through) return;
      break;
    }
    const double flops = bits_.joined(labels(a), labels(b));
    if (minimize_ != Minimize::size && below + std::exp2(flops - limits_.weight) >= 1) return;
    offer(a, b, below, flops);
  }

  void offer(std::int32_t a, std::int32_t b, double below, double flops) {
    const auto set = static_cast<std::int32_t>(found_.size());
    tensors_.resize(tensors_.size() + words_);
    for (std::size_t k = 0; k < words_; ++k) tensors(set)[k] = tensors(a)[k] | tensors(b)[k];
    const auto there = known_.find(set);
    const bool is_new = there == known_.end();
    const auto target = is_new ? set : *there;
    if (is_new) add_labels(a, b);
    const double size =
        is_new ? bits_.size(labels(set)) : found_[static_cast<std::size_t>(target)].size;
    const double cost = below + std::exp2(step_weight(minimize_, flops, size) - limits_.weight);
    if (is_new && cost < 1) {
      known_.insert(set);
      found_.push_back({.cost = cost, .size = size, .left = a, .right = b});
      near_.resize(near_.size() + words_);
      for (std::size_t k = 0; k < words_; ++k)
        near(set)[k] = (near(a)[k] | near(b)[k]) & ~tensors(set)[k];
      return;
    }
    tensors_.resize(tensors_.size() - words_);
    if (is_new) labels_.resize(labels_.size() - label_words_);
    auto& known = found_[static_cast<std::size_t>(target)];
    if (!is_new && cost < known.cost) known = {.cost = cost, .size = size, .left = a, .right = b};
  }

  /// Labels of the last set: those of a or b that the output or a tensor outside has.
  void add_labels(std::int32_t a, std::int32_t b) {
    const auto set = static_cast<std::int32_t>(found_.size());
    labels_.resize(labels_.size() + label_words_);
    for (std::size_t k = 0; k < label_words_; ++k) labels(set)[k] = labels(a)[k] | labels(b)[k];
    auto& rest = whole_;
    rest = kept_;
    for (std::size_t word = 0; word < words_; ++word) {
      // Only tensors next to the set can share its labels.
      for (auto out = (near(a)[word] | near(b)[word]) & ~tensors(set)[word]; out != 0;
           out &= out - 1) {
        const auto* one = labels(static_cast<std::int32_t>(word * 64) + __builtin_ctzll(out));
        for (std::size_t k = 0; k < label_words_; ++k) rest[k] |= one[k];
      }
    }
    for (std::size_t k = 0; k < label_words_; ++k) labels(set)[k] &= rest[k];
  }

  std::int32_t emit(std::int32_t set, Assembly& assembly) const {
    const auto& found = found_[static_cast<std::size_t>(set)];
    if (found.left < 0) return members_[static_cast<std::size_t>(set)];
    const auto left = emit(found.left, assembly), right = emit(found.right, assembly);
    return assembly.merge(left, right);
  }

  const Network& network_;
  std::vector<std::int32_t> members_;
  Minimize minimize_;
  const ExactLimits& limits_;
  const Deadline& deadline_;
  LabelBits bits_;
  std::size_t label_words_, words_;
  BitRows tensors_, labels_, near_, kept_, whole_;  // rows by set
  std::vector<ConnectedSet> found_;
  std::vector<std::int32_t> by_size_;  // where sets of size k + 1 begin
  std::vector<std::vector<std::vector<std::int32_t>>> containing_;  // by size, by tensor
  std::vector<std::vector<std::int32_t>> holding_;                  // by label
  std::unordered_set<std::int32_t, BitsHash, BitsEqual> known_;
  std::size_t looked_ = 0;
  bool ended_ = false;
};

}  // namespace

PartResult merge_connected(const Network& network, std::vector<std::int32_t> members,
                           Minimize minimize, const ExactLimits& limits, const Deadline& deadline,
                           Assembly& assembly) {
  ConnectedSearch search(network, std::move(members), minimize, limits, deadline);
  const bool merged = search.run(assembly);
  return {.ended = search.ended(), .merged = merged};
}

}  // namespace ranklens::tn
