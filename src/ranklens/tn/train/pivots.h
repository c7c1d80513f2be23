#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// Rows and columns at which elimination with full pivoting found its pivots.
struct Pivots {
  std::vector<std::int64_t> rows, columns;
  double largest = 0;  ///< absolute value of the first pivot
  double rest = 0;     ///< of the first one left out: bounds the entries of what is not represented
};

/// Gaussian elimination with full pivoting until a pivot is at most `tolerance` or there are
/// `max_rank`; at least one unless all is zero.
Pivots find_pivots(const at::Tensor& matrix, double tolerance, std::int64_t max_rank);

}  // namespace ranklens::tn
