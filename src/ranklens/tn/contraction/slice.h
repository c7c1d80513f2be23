#pragma once

#include "ranklens/tn/contraction/clock.h"
#include "ranklens/tn/contraction/tree.h"

namespace ranklens::tn {

/// A path, and the labels that are fixed in turn so that it fits into memory.
struct SlicedPath {
  Path path;
  Labels sliced;          ///< of the expression, ascending
  double log2_flops = 0;  ///< multiply-adds of all slices
};

/// The expression of one slice, as far as costs go: sliced labels have size one.
Expression with_fixed(Expression expression, const Labels& sliced);

/// Slices labels of the largest tensors until no step's result has more than 2^log2_limit elements;
/// each time the label that costs the least more, and then mends the tree. The limit is at least 0.
SlicedPath slice(const Expression& expression, Path path, Minimize minimize, double log2_limit,
                 Random& random, const Deadline& deadline = {});

}  // namespace ranklens::tn
