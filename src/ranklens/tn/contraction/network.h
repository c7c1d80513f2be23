#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/contraction/path.h"

namespace ranklens::tn {

/// What planners look at: the tensors of an expression as ascending sets of labels, without labels
/// of size 1, numbered anew.
struct Network {
  std::vector<Labels> terms;
  std::vector<double> weights;  ///< log2 of the label's size
  std::vector<char> open;       ///< whether the output has the label
  Labels origin;                ///< what the expression calls the label

  std::size_t labels() const { return weights.size(); }
  double log2_size(const Labels& set) const {
    double sum = 0;
    for (const auto label : set) sum += weights[static_cast<std::size_t>(label)];
    return sum;
  }
};

/// The labels in `sliced` count as size 1.
Network network_of(const Expression& expression, const Labels& sliced = {});

/// How many terms, and the output, have each label.
std::vector<std::int32_t> holders_of(const Network& network);

/// What two tensors leave: `holders` are the counts before they merge.
Labels merged_labels(const std::vector<std::int32_t>& holders, const Labels& a, const Labels& b);

/// Random numbers for searches (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number
/// generators", SplitMix64): the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  Random(std::uint64_t seed, std::uint64_t stream) : state_(seed) { state_ ^= next() + stream; }

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  /// Over 0 ... n - 1.
  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(uniform() * static_cast<double>(n));
  }

 private:
  std::uint64_t state_;
};

}  // namespace ranklens::tn
