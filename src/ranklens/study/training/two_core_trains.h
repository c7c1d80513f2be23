#pragma once

#include "ranklens/nn/network.h"

namespace ranklens::study::reproductions {

/// The network with each weight of low rank, W = A V^T with A [out, r] and V [in, r], as the tensor
/// train of the two cores [1, out, 1, r] and [r, 1, in, 1]: the same matrix (of a convolution that
/// of its filters), and trains of these ranks are the matrices of that rank. So what moves trains
/// moves matrices.
nn::Network as_two_core_trains(const nn::Network& network);

}  // namespace ranklens::study::reproductions
