#pragma once

#include <cstdint>
#include <limits>

#include "ranklens/optim/low_rank/low_rank.h"

namespace ranklens::optim {

/// Which rank a matrix keeps.
struct RankPolicy {
  /// Largest Frobenius norm of what is cut off: relative to that of the matrix, or absolute.
  double tau = 0.1;
  bool absolute = false;
  std::int64_t floor = 2;
  std::int64_t cap = std::numeric_limits<std::int64_t>::max();
};

/// A matrix cut down, and how.
struct Truncated {
  LowRank matrix;        ///< S diagonal, descending
  at::Tensor left;       ///< [p, r]: the new U is the old times this
  at::Tensor right;      ///< [q, r]: the new V is the old times this
  at::Tensor values;     ///< all singular values, descending
  double discarded = 0;  ///< ||before - after||_F
};

/// The smallest rank r with (sum of squares of the values after the r-th)^(1/2) <= the policy's
/// bound, the last value counted, within floor and cap (Ceruti, Kusch, Lubich 2022, step 3).
std::int64_t rank_for(const at::Tensor& values, const RankPolicy& policy);

/// The singular value decomposition of a core, left diag(values) right^T; values descend.
struct CoreValues {
  at::Tensor left, values, right;
};
CoreValues singular_values(const at::Tensor& core);

/// U left, diag(values), V right, with the first `rank` of each (at least 1, at most all). The
/// bases must be orthonormal.
Truncated cut(const LowRank& matrix, const CoreValues& core, std::int64_t rank);

/// Both in one: to the rank that the policy says, or to a given one.
Truncated truncate(const LowRank& matrix, const RankPolicy& policy);
Truncated truncate_to(const LowRank& matrix, std::int64_t rank);

}  // namespace ranklens::optim
