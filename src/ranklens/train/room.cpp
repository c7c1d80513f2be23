#include "ranklens/train/room.h"

#include <algorithm>

#include <fmt/format.h>

#include "ranklens/base/memory.h"
#include "ranklens/nn/inspect.h"

namespace ranklens::train {
namespace {

/// Bytes of one image's values: of all nodes together, and of the largest.
struct ImageBytes {
  double all = 0, largest = 0;
};

ImageBytes image_bytes(const nn::Network& network, const Execution& execution) {
  ImageBytes bytes;
  constexpr std::int64_t kImages = 2;  // as elsewhere: a network may not take one alone
  const double share = execution.compute == Compute::bfloat16 ? 0.5 : 1;  // counted in float32
  for (const auto& node : nn::costs(network, kImages)) {
    const double own = share * static_cast<double>(node.activation_bytes) / kImages;
    bytes.all += own;
    bytes.largest = std::max(bytes.largest, own);
  }
  return bytes;
}

bool counts(const nn::Network& network) { return device_of(network.state).is_cpu(); }

}  // namespace

void require_step_fits(const nn::Network& network, std::int64_t images,
                       const Execution& execution) {
  if (!counts(network)) return;
  const double weights = 4 * static_cast<double>(network.state.parameters());
  const double bytes =
      2 * weights + static_cast<double>(images) * image_bytes(network, execution).all / 2;
  base::require_memory(bytes, fmt::format("a training step on {} images at a time", images));
}

void require_pass_fits(const nn::Network& network, std::int64_t images,
                       const Execution& execution) {
  if (!counts(network)) return;
  base::require_memory(static_cast<double>(images) * image_bytes(network, execution).largest,
                       fmt::format("a network's answer to {} images at a time", images));
}

}  // namespace ranklens::train
