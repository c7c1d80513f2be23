#include <cmath>
#include <limits>
#include <vector>

#include "ranklens/tn/contraction/assembly.h"

namespace ranklens::tn {
namespace {

/// Labels as vertices, joined where a tensor has both.
class LabelGraph {
 public:
  LabelGraph(const Network& network, double noise, Random& random)
      : network_(network),
        noise_(noise),
        random_(random),
        count_(network.labels()),
        words_((count_ + 63) / 64),
        rows_(count_ * words_, 0),
        fill_(count_, 0),
        stale_(count_, 1) {
    for (const auto& term : network.terms) {
      for (const auto a : term) {
        for (const auto b : term) {
          if (a != b) set(static_cast<std::size_t>(a), static_cast<std::size_t>(b));
        }
      }
    }
  }

  Labels order() {
    std::vector<std::size_t> left;
    for (std::size_t label = 0; label < count_; ++label) {
      if (!network_.open[label]) left.push_back(label);
    }
    Labels order;
    while (!left.empty()) {
      std::size_t best = 0;
      for (std::size_t k = 0; k < left.size(); ++k) {
        if (stale_[left[k]]) refresh(left[k]);
        if (fill_[left[k]] < fill_[left[best]]) best = k;
      }
      order.push_back(static_cast<Label>(left[best]));
      remove(left[best]);
      left[best] = left.back();
      left.pop_back();
    }
    return order;
  }

 private:
  std::uint64_t* row(std::size_t label) { return rows_.data() + label * words_; }
  void set(std::size_t a, std::size_t b) { row(a)[b / 64] |= std::uint64_t{1} << (b % 64); }

  template <class Visit>
  void neighbours(std::size_t label, const Visit& visit) {
    for (std::size_t word = 0; word < words_; ++word) {
      for (auto rest = row(label)[word]; rest != 0; rest &= rest - 1) {
        visit(word * 64 + static_cast<std::size_t>(__builtin_ctzll(rest)));
      }
    }
  }

  /// Pairs that removal joins; the size of the joined tensor breaks ties.
  void refresh(std::size_t label) {
    double missing = 0, size = network_.weights[label];
    neighbours(label, [&](std::size_t other) {
      int absent = 0;
      for (std::size_t word = 0; word < words_; ++word) {
        absent += __builtin_popcountll(row(label)[word] & ~row(other)[word]);
      }
      missing += network_.weights[other] * (absent - 1);
      size += network_.weights[other];
    });
    fill_[label] = missing + 1e-3 * size;
    if (noise_ > 0)
      fill_[label] = (fill_[label] + 1) * std::exp(noise_ * (random_.uniform() - 0.5));
    stale_[label] = 0;
  }

  void remove(std::size_t label) {
    std::vector<std::size_t> near;
    neighbours(label, [&](std::size_t other) { near.push_back(other); });
    for (const auto other : near) {
      bool grew = false;
      for (std::size_t word = 0; word < words_; ++word) {
        const auto joined = row(other)[word] | row(label)[word];
        grew |= joined != row(other)[word];
        row(other)[word] = joined;
      }
      row(other)[other / 64] &= ~(std::uint64_t{1} << (other % 64));
      row(other)[label / 64] &= ~(std::uint64_t{1} << (label % 64));
      stale_[other] = 1;
      if (grew) neighbours(other, [&](std::size_t next) { stale_[next] = 1; });
    }
  }

  const Network& network_;
  double noise_;
  Random& random_;
  std::size_t count_, words_;
  std::vector<std::uint64_t> rows_;
  std::vector<double> fill_;
  std::vector<char> stale_;
};

}  // namespace

Labels min_fill_order(const Network& network, double noise, Random& random) {
  return LabelGraph(network, noise, random).order();
}

}  // namespace ranklens::tn
