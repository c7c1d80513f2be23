#pragma once

#include <cstdint>

#include "ranklens/optim/low_rank/truncate.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

/// The singular values of a core's unfoldings in its two channel modes, descending, with the left
/// vectors: its higher-order singular value decomposition (De Lathauwer, De Moor, Vandewalle 2000).
struct TuckerValues {
  at::Tensor out_vectors, out;  ///< [p, k], [k], k = min(p, q * window)
  at::Tensor in_vectors, in;    ///< [q, k'], [k'], k' = min(q, p * window)
};
TuckerValues mode_values(const at::Tensor& core);

/// How many directions each channel mode keeps.
struct TuckerRanks {
  std::int64_t out = 0, in = 0;
  bool operator==(const TuckerRanks&) const = default;
};

/// A kernel cut down, and how.
struct TuckerTruncated {
  TuckerKernel kernel;
  at::Tensor left;       ///< [p, ranks.out]: the new U is the old times this
  at::Tensor right;      ///< [q, ranks.in]: the new V is the old times this
  double discarded = 0;  ///< ||before - after||_F
  double norm = 0;       ///< ||before||_F
};

/// The policy of one mode, where a kernel's is `policy`: its bound on what is cut off is shared out
/// evenly, tau / sqrt(2) a mode, so that both cuts together keep it; floor and cap hold for each.
RankPolicy for_one_mode(const RankPolicy& policy);

/// The leading vectors of each mode kept. Ranks above what the other mode leaves attainable (out <=
/// in * window, in <= out * window) are lowered to that. The bases must be orthonormal.
TuckerTruncated cut(const TuckerKernel& kernel, const TuckerValues& values,
                    const TuckerRanks& ranks);

/// Both in one, to the ranks that the policy says.
TuckerTruncated truncate(const TuckerKernel& kernel, const RankPolicy& policy);

}  // namespace ranklens::optim
