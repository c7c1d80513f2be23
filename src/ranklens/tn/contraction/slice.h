#pragma once

#include <limits>

#include "ranklens/tn/contraction/clock.h"
#include "ranklens/tn/contraction/plan.h"

namespace ranklens::tn {

constexpr double kAnyBytes = std::numeric_limits<double>::infinity();

/// A path, and the labels that are fixed in turn so that it fits into memory.
struct SlicedPath {
  Path path;
  Labels sliced;          ///< of the expression, ascending
  double log2_flops = 0;  ///< multiply-adds of all slices
  bool fits = false;
  double least = kAnyBytes;  ///< bytes that the best of what was weighed on the way takes
};

/// The expression of one slice, as far as costs go: sliced labels have size one.
Expression with_fixed(Expression expression, const Labels& sliced);

/// What slices must fit into.
struct MemoryLimit {
  double bytes = 0;       ///< 0: nothing fits; all labels are sliced, which tells the least
  double item_bytes = 8;  ///< of an element
  BytesTaken taken = {};  ///< by default the largest result of a step
};

/// Slices labels of the largest tensors until a run fits; each time the label that costs the least
/// more, and then mends the tree. With the largest result alone a limit of one element is always
/// kept; else see `fits`.
SlicedPath slice(const Expression& expression, Path path, Minimize minimize,
                 const MemoryLimit& limit, Random& random, const Deadline& deadline = {});

}  // namespace ranklens::tn
