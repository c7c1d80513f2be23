#pragma once

#include "ranklens/tn/contraction/network.h"

namespace ranklens::tn {

/// Merges tensors of a network, keeping account of labels.
class Assembly {
 public:
  explicit Assembly(const Network& network);

  /// Merges two tensors, by their numbers; returns that of the result.
  std::int32_t merge(std::int32_t a, std::int32_t b);
  /// Merges some tensors into one as a greedy search would; returns its number.
  std::int32_t merge_all(const std::vector<std::int32_t>& tensors, Random& random);
  /// Merges what is left, the two smallest first, and returns the path.
  Path finish();

  const Labels& labels(std::int32_t tensor) const {
    return tensors_[static_cast<std::size_t>(tensor)];
  }
  /// Tensors that are left and have a label.
  std::vector<std::int32_t> having(Label label);

 private:
  /// Some tensors as a network whose open labels others, or the output, have.
  Network part_of(const std::vector<std::int32_t>& tensors) const;

  const Network& network_;
  std::vector<Labels> tensors_;
  std::vector<char> left_;
  std::vector<std::int32_t> holders_;
  std::vector<std::vector<std::int32_t>> having_;  // by label, with tensors that are gone
  Path path_;
};

/// The path of an order of labels: each in turn merges all tensors that have it.
Path elimination_path(const Network& network, const Labels& order, Random& random);

/// An order of the labels that the output lacks: next is the one whose removal joins the fewest
/// pairs of labels that no tensor has both (Rose 1972, "min-fill"), weighted by their sizes;
/// `noise` perturbs that. Memory grows with the square of the number of labels.
Labels min_fill_order(const Network& network, double noise, Random& random);

}  // namespace ranklens::tn
