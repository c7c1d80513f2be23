#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/formats/tucker.h"
#include "ranklens/tn/linalg/factorise.h"

namespace ranklens::tn {

/// What a Tucker decomposition may leave out. One of the two bounds, or both, or none (exact).
struct TuckerBounds {
  double eps =
      0;  ///< largest relative error in the Frobenius norm; kept unless a rank bound is hit
  std::vector<std::int64_t> ranks{};  ///< upper bounds, one a mode; none: no bounds
};

struct HOSVDOptions {
  TuckerBounds bounds{};
  std::vector<std::int64_t> order{};  ///< in which modes are cut; none: the cheapest by operations
  Factoriser factoriser = Factoriser::automatic;
};

struct TuckerDecomposition {
  Tucker value;      ///< factors with orthonormal columns
  double error = 0;  ///< ||x - value||_F, from what each cut discarded
  double relative_error = 0;
  std::vector<at::Tensor> discarded_values;  ///< of each mode, as far as they were computed
  std::vector<std::int64_t> order;           ///< in which modes were cut
};

/// The sequentially truncated higher-order singular value decomposition (Vannieuwenhoven,
/// Vandebril, Meerbergen 2012): each mode is cut in what the modes before have left, so later cuts
/// are cheap and the error is exactly the root of the sum of squares of what the cuts discarded.
/// What earlier cuts did not use of eps is left to later ones.
///
/// `dense` [n_1 .. n_d] of float32, float64, complex64 or complex128. Errors: entries that are not
/// finite, an empty tensor, eps negative or not a number, another number of ranks than modes, a
/// rank below 1 or above its mode, an order that is no permutation.
TuckerDecomposition st_hosvd(const at::Tensor& dense, const HOSVDOptions& options = {});

/// The order of modes that takes fewest operations, if a mode of size n becomes r: cuts are sorted
/// by cost over shrinkage (Smith's rule). Unknown ranks count as half of their modes.
std::vector<std::int64_t> cheapest_order(at::IntArrayRef sizes, at::IntArrayRef ranks);

/// How an unfolding of so many rows is best split: where ranks are known, up to eight times as many
/// rows by the Gram matrix, which takes fewer operations than the passes of a sketch, and faster
/// ones. Where it does not resolve what is kept, `split` goes on to the SVD by itself.
Factoriser mode_factoriser(std::int64_t rows, const Truncation& truncation,
                           Factoriser chosen = Factoriser::automatic);

/// Error unless the bounds fit a tensor of these sizes.
void check(const TuckerBounds& bounds, at::IntArrayRef sizes);

}  // namespace ranklens::tn
