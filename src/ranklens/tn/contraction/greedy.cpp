#include "ranklens/tn/contraction/greedy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <set>
#include <tuple>
#include <utility>

namespace ranklens::tn {
namespace {

// A label in more tensors than this is looked at through its smallest ones.
constexpr std::size_t kManyHolders = 16;

struct GreedyPair {
  double score;
  std::int32_t a, b;
  bool operator<(const GreedyPair& other) const {  // the queue's top is the largest
    return std::tie(other.score, other.a, other.b) < std::tie(score, a, b);
  }
};

class GreedySearch {
 public:
  GreedySearch(const Network& network, const GreedyOptions& options, Random& random)
      : network_(network),
        options_(options),
        random_(random),
        tensors_(network.terms),
        holders_(holders_of(network)),
        having_(network.labels()),
        wide_(network.labels(), -1) {
    alive_.resize(tensors_.size(), 1);
    for (const auto& term : tensors_) size_.push_back(network.log2_size(term));
    for (std::size_t k = 0; k < tensors_.size(); ++k) {
      for (const auto label : tensors_[k]) {
        having_[static_cast<std::size_t>(label)].push_back(static_cast<std::int32_t>(k));
      }
    }
  }

  Path run() {
    path_.reserve(tensors_.size());
    for (std::size_t label = 0; label < having_.size(); ++label) {
      auto& tensors = having_[label];
      if (tensors.size() > kManyHolders) {
        widen(label);
      } else {
        propose_pairs(tensors);
      }
    }
    while (!queue_.empty()) {
      const auto best = queue_.top();
      queue_.pop();
      if (is_alive(best.a) && is_alive(best.b)) propose_with(merge(best.a, best.b));
    }
    merge_unconnected();
    return std::move(path_);
  }

 private:
  bool is_alive(std::int32_t tensor) const { return alive_[static_cast<std::size_t>(tensor)] != 0; }
  double size(std::int32_t tensor) const { return size_[static_cast<std::size_t>(tensor)]; }

  double score(std::int32_t a, std::int32_t b) {
    const auto& x = tensors_[static_cast<std::size_t>(a)];
    const auto& y = tensors_[static_cast<std::size_t>(b)];
    double value = 0;
    if (options_.rule == GreedyRule::growth) {
      const double result = network_.log2_size(merged_labels(holders_, x, y));
      const double growth = std::exp2(result) / options_.alpha -
                            options_.alpha * (std::exp2(size(a)) + std::exp2(size(b)));
      value = growth > 0 ? std::log2(1 + growth) : -std::log2(1 - growth);
    } else {
      value = step_log2(x, y);
    }
    if (options_.temperature == 0) return value;
    return value + options_.temperature * std::log(-std::log(random_.uniform() + 1e-300));
  }

  double step_log2(const Labels& x, const Labels& y) const {
    double both = 0;
    auto a = x.begin();
    auto b = y.begin();
    while (a != x.end() && b != y.end()) {
      if (*a == *b) both += network_.weights[static_cast<std::size_t>(*a)];
      const bool first = *a <= *b, second = *b <= *a;
      a += first;
      b += second;
    }
    return network_.log2_size(x) + network_.log2_size(y) - both;
  }

  void propose(std::int32_t a, std::int32_t b) {
    if (a > b) std::swap(a, b);
    queue_.push({score(a, b), a, b});
  }

  void drop_dead(std::vector<std::int32_t>& tensors) const {
    std::erase_if(tensors, [&](std::int32_t tensor) { return !is_alive(tensor); });
  }

  void propose_pairs(const std::vector<std::int32_t>& tensors) {
    for (std::size_t k = 0; k < tensors.size(); ++k) {
      for (std::size_t other = k + 1; other < tensors.size(); ++other)
        propose(tensors[k], tensors[other]);
    }
  }

  /// Keeps the tensors of a label by their size; each is paired with the next larger ones.
  void widen(std::size_t label) {
    wide_[label] = static_cast<std::int32_t>(by_size_.size());
    auto& sorted = by_size_.emplace_back();
    for (const auto tensor : having_[label]) sorted.emplace(size(tensor), tensor);
    for (auto one = sorted.begin(); one != sorted.end(); ++one) {
      auto other = one;
      for (int k = 0; k < 3 && ++other != sorted.end(); ++k) propose(one->second, other->second);
    }
  }

  void propose_with(std::int32_t tensor) {
    partners_.clear();
    for (const auto label : tensors_[static_cast<std::size_t>(tensor)]) {
      const auto wide = wide_[static_cast<std::size_t>(label)];
      if (wide < 0) {
        auto& having = having_[static_cast<std::size_t>(label)];
        drop_dead(having);
        partners_.insert(partners_.end(), having.begin(), having.end());
        continue;
      }
      const auto& sorted = by_size_[static_cast<std::size_t>(wide)];
      auto next = sorted.begin();
      for (std::size_t k = 0; k < kManyHolders && next != sorted.end(); ++k)
        partners_.push_back((next++)->second);
    }
    std::sort(partners_.begin(), partners_.end());
    partners_.erase(std::unique(partners_.begin(), partners_.end()), partners_.end());
    for (const auto partner : partners_) {
      if (partner != tensor) propose(partner, tensor);
    }
  }

  /// Takes a tensor out of, or puts it into, the lists of its labels.
  void unlist(std::int32_t tensor) {
    for (const auto label : tensors_[static_cast<std::size_t>(tensor)]) {
      --holders_[static_cast<std::size_t>(label)];
      const auto wide = wide_[static_cast<std::size_t>(label)];
      if (wide >= 0) by_size_[static_cast<std::size_t>(wide)].erase({size(tensor), tensor});
    }
  }
  void list(std::int32_t tensor) {
    for (const auto label : tensors_[static_cast<std::size_t>(tensor)]) {
      ++holders_[static_cast<std::size_t>(label)];
      const auto wide = wide_[static_cast<std::size_t>(label)];
      if (wide >= 0) {
        by_size_[static_cast<std::size_t>(wide)].emplace(size(tensor), tensor);
      } else {
        having_[static_cast<std::size_t>(label)].push_back(tensor);
      }
    }
  }

  std::int32_t merge(std::int32_t a, std::int32_t b) {
    auto labels = merged_labels(holders_, tensors_[static_cast<std::size_t>(a)],
                                tensors_[static_cast<std::size_t>(b)]);
    for (const auto gone : {a, b}) {
      unlist(gone);
      tensors_[static_cast<std::size_t>(gone)] = {};
      alive_[static_cast<std::size_t>(gone)] = 0;
    }
    const auto result = static_cast<std::int32_t>(tensors_.size());
    size_.push_back(network_.log2_size(labels));
    tensors_.push_back(std::move(labels));
    alive_.push_back(1);
    list(result);
    path_.push_back({a, b});
    return result;
  }

  void merge_unconnected() {
    std::priority_queue<std::pair<double, std::int32_t>,
                        std::vector<std::pair<double, std::int32_t>>, std::greater<>>
        left;
    for (std::size_t k = 0; k < tensors_.size(); ++k) {
      if (alive_[k]) left.push({size_[k], static_cast<std::int32_t>(k)});
    }
    while (left.size() > 1) {
      const auto a = left.top().second;
      left.pop();
      const auto b = left.top().second;
      left.pop();
      const auto result = merge(a, b);
      left.push({size(result), result});
    }
  }

  const Network& network_;
  GreedyOptions options_;
  Random& random_;
  std::vector<Labels> tensors_;
  std::vector<double> size_;
  std::vector<char> alive_;
  std::vector<std::int32_t> holders_;
  std::vector<std::vector<std::int32_t>> having_;  // by label, with dead ones
  std::vector<std::int32_t> wide_;                 // by label: its place in by_size_, or -1
  std::vector<std::set<std::pair<double, std::int32_t>>> by_size_;
  std::vector<std::int32_t> partners_;
  std::priority_queue<GreedyPair> queue_;
  Path path_;
};

}  // namespace

Path greedy_path(const Network& network, const GreedyOptions& options, Random& random) {
  return GreedySearch(network, options, random).run();
}

}  // namespace ranklens::tn
