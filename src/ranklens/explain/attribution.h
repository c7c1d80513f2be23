#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/base/progress.h"
#include "ranklens/explain/maps.h"

/// What a method of explanation returns and what all of them are told.
namespace ranklens::explain {

struct Attribution {
  /// [N,H,W]; [N,C,H,W] where the channels were kept apart; on the CPU or the images' device.
  at::Tensor maps{};
  bool is_signed = false;  ///< negative values mean evidence against the target
  std::string method{};
  std::string layer{};    ///< the value that was read, "" where the pixels are
  std::string preset{};   ///< the settings it started from
  std::string options{};  ///< all settings, as a JSON object
  std::vector<std::string> notes{};
  /// Integrated gradients: sum of the attribution less f(image) - f(baseline), [N] float64.
  at::Tensor completeness_gap{};
};

/// How a method may run. It changes the time and the memory taken, never the result beyond the
/// rounding of sums.
struct Execution {
  /// Bytes for activations and their gradients at one time; at least one sample runs whatever it
  /// is.
  std::int64_t memory = std::int64_t{1} << 30;
  base::Progress progress{};
};

/// What happens to an attribution [N,C,H,W] of pixels before it is a map, in this order.
struct Finish {
  bool absolute = false;
  Channels channels = Channels::sum;
  double clip_percentile = 100;  ///< 100: not clipped
  bool scale = false;            ///< min-max per image
};

}  // namespace ranklens::explain
