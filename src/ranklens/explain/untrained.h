#pragma once

#include <cstdint>

#include "ranklens/nn/network.h"

namespace ranklens::explain {

/// The same graph with freshly drawn weights in the same formats and ranks, and buffers at their
/// start: a network that has learnt nothing. A method whose maps of it look like those of the
/// trained one does not depend on what was learnt (Adebayo et al. 2018). Weights are drawn by their
/// operators' defaults from the streams (seed, "init", entry); a weight that two nodes share stays
/// shared.
nn::Network untrained_copy(const nn::Network& network, std::uint64_t seed);

}  // namespace ranklens::explain
