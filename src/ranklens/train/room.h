#pragma once

#include <cstdint>

#include "ranklens/nn/network.h"
#include "ranklens/train/compute.h"

/// Whether a batch can fit into the machine at all: sizes that were never meant are refused before
/// the work. What is counted is the least that is surely needed, so that nothing that fits is
/// refused; what lies on another device than the processor is not counted.
namespace ranklens::train {

/// Error unless a training step on so many images at a time can fit: weights and gradients, and
/// half of what the nodes put out (fused ones keep less than each by itself).
void require_step_fits(const nn::Network& network, std::int64_t images, const Execution& execution);

/// Error unless a pass without gradients can fit: the largest value of a node.
void require_pass_fits(const nn::Network& network, std::int64_t images, const Execution& execution);

}  // namespace ranklens::train
