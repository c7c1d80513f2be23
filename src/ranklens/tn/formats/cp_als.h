#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/formats/cp.h"

namespace ranklens::tn {

enum class CPStart {
  random,  ///< normal entries of the stream (seed, "init", "cp")
  hosvd,   ///< leading left singular vectors of the unfoldings, random ones where they run out
};

struct CPALSOptions {
  std::int64_t rank = 1;
  std::int64_t max_sweeps = 200;
  double tolerance = 1e-8;  ///< stop when the fit changes by less than this in a sweep
  CPStart start = CPStart::random;
  std::uint64_t seed = 0;
  /// The rank-one terms together, sqrt(sum_r weight_r^2), stay below this multiple of the tensor's
  /// norm. Without a bound, terms of a tensor that has no best approximation grow for ever and
  /// cancel each other.
  double largest_growth = 100;
};

struct CPALS {
  CP value;                  ///< normalised
  std::vector<double> fits;  ///< after each sweep, 1 - ||x - value|| / ||x||; resolved to 1e-8
  bool converged = false;    ///< by `tolerance`, within `max_sweeps`
  bool degenerate = false;   ///< the bound of growth was active in the last sweep
  double growth = 0;         ///< sqrt(sum_r weight_r^2) / ||x||
  std::int64_t dependent =
      0;  ///< most terms found dependent on others in an update of the last sweep
};

/// Alternating least squares for the best sum of `rank` rank-one tensors (Carroll, Chang 1970).
///
/// A sweep reads the tensor twice whatever its order: partial products with the Khatri–Rao product
/// of one half of the modes serve all modes of the other half, and so on down a binary tree (Phan,
/// Tichavský, Cichocki 2013); the tensor is never unfolded, since its first and last modes are
/// views. The fit comes from the last of these products. Each update minimises the error exactly
/// under the bound of growth, which the former value keeps, so the fit never falls (up to
/// rounding).
///
/// `dense` [n_1 .. n_d] of float32, float64, complex64 or complex128. Errors: entries that are not
/// finite, an empty tensor, a rank below 1 or above the product of all sizes but the largest (which
/// always suffices), options out of range.
CPALS cp_als(const at::Tensor& dense, const CPALSOptions& options);

}  // namespace ranklens::tn
