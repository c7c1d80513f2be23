#pragma once

#include <cstdint>

#include "ranklens/base/progress.h"
#include "ranklens/tn/formats/cp.h"
#include "ranklens/tn/train/decompose.h"

namespace ranklens::tn {

struct CPOptions {
  Closeness close{};               ///< at most one rank; with both, the rank wins
  std::int64_t max_sweeps = 1000;  ///< of each run of cp_als
  std::uint64_t seed = 0;
  base::Progress progress{};  ///< told of every run
};

struct CPApproximation {
  CP value;                 ///< normalised
  double error = 0;         ///< relative Frobenius, of what is stored
  bool degenerate = false;  ///< terms would go on growing against each other (cp_als)
  /// The run that gave it settled, or is as close as its fit resolves; else more sweeps may help.
  bool converged = false;
  std::int64_t sweeps = 0;  ///< of that run
};

/// A sum of rank-one tensors as close as asked, by cp_als from leading singular vectors and from
/// random entries. Of a rank: the better of the two. Of eps: fewest terms, by doubling their number
/// until eps is met and then halving the interval; fewest as far as these starts find, since least
/// squares in turns know local minima and no eps of theirs is certain.
///
/// Errors: as cp_als, a rank above the possible among them; more than one rank; an eps below 1e-7,
/// which its stopping rule does not resolve; an eps that is not met with most_terms() terms, naming
/// what was.
CPApproximation approximate_cp(const at::Tensor& dense, const CPOptions& options);

/// The same of a sum of rank-one tensors, with fewer terms, from some of its own (large ones that
/// do not lie along each other) and from random entries: inner products of factors serve, nothing
/// is written out; a sweep of r terms costs O(r R sum n). What has no more terms than asked comes
/// back as it is, normalised. Errors: as approximate_cp, but eps is always met, at last with the
/// terms given.
CPApproximation round(const CP& given, const CPOptions& options);

/// Where a search for terms ends: twice as many as tensors of this shape generally need, which
/// bounds what any needs (Blekherman, Teitler 2015) where that count, the numbers over the freedom
/// of a term, holds; never more than the product of all sizes but the largest, which always do.
std::int64_t most_terms(at::IntArrayRef sizes);

}  // namespace ranklens::tn
