#pragma once

#include <cstdint>

#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// The same graph with every entry drawn anew: weights in the formats and ranks that they have, the
/// cores of matrix product states too, each as its operator's default says, from the stream (seed,
/// "init", name of the entry); biases, norms and running statistics as before training. Types and
/// devices stay. What a method of explanation shows of it, it does not owe to training (Adebayo et
/// al. 2018, "Sanity checks for saliency maps"). Entries of one dimension that a generic node
/// names, whose meaning is not known, are kept.
Network untrained(const Network& network, std::uint64_t seed);

}  // namespace ranklens::nn
