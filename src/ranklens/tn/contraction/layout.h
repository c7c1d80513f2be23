#pragma once

#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {

/// How a step is computed.
enum class MergeKind {
  product,   ///< a batch of matrix products: [B, M, K] times [B, K, N]
  multiply,  ///< element by element with broadcasting, summed over what is not kept
};

/// The labels of a step by their parts: in both tensors and kept, in both and summed over, in one
/// and kept. Labels that are in one tensor only and not kept have been summed over before.
struct Parts {
  Labels batch, summed, left, right;
};

/// A step and the orders of its tensors' modes.
struct Merge {
  Step step;
  MergeKind kind = MergeKind::product;
  Parts parts;           ///< each in the order in which the step takes it
  Labels order;          ///< of the result's modes; of a product: batch, then left and right
  bool swapped = false;  ///< of a product: right comes before left
};

/// The steps of a path with orders of modes chosen backwards from the output, so that the tensors
/// that a product takes are, where possible, views of what the steps before left. `orders` are the
/// operands' own, without labels of size 1, repeated ones and those that only one operand has.
std::vector<Merge> lay_out(const Expression& expression, const std::vector<Labels>& orders,
                           const Path& path);

}  // namespace ranklens::tn
