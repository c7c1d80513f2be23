#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/low_rank/low_rank.h"

namespace ranklens::study::pendulum {

/// How a moving matrix is followed from its increments alone.
enum class Tracker {
  fixed_bug,
  augmented_bug,  ///< cut back to the rank, or to a tolerance
  parallel_bug,
  splitting,
  naive  ///< Euler steps of the equations of Koch and Lubich (2007), which divide by the core
};

struct TrackOptions {
  Tracker tracker = Tracker::augmented_bug;
  std::int64_t rank = 1;
  /// Of augmented_bug: the largest norm cut off in a step, absolute; the rank is then found.
  std::optional<double> tolerance = {};
};

/// One step along the increment from one matrix to the next.
optim::LowRank followed(const optim::LowRank& now, const at::Tensor& increment,
                        const TrackOptions& options);

/// The low-rank matrices along a path of dense ones [m, n], of the first one the nearest (of the
/// rank, or within the tolerance).
std::vector<optim::LowRank> track(const std::vector<at::Tensor>& path, const TrackOptions& options);

std::string to_string(Tracker tracker);

}  // namespace ranklens::study::pendulum
