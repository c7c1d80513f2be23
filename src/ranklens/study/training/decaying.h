#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/nn/network.h"

namespace ranklens::study::reproductions {

/// The network with its weights of low rank drawn anew as U S V^T: U, V the orthonormal factors of
/// normal matrices, singular values |N(0, 1)| in falling order, the k-th (from 0) divided by
/// decay^k; stored as U sqrt(S), V sqrt(S). The start of the published comparison of descent on
/// factors with integrators.
nn::Network with_decaying_values(const nn::Network& network, double decay, std::uint64_t seed);

/// The network with the weights of the layers replaced by the best of rank at most `rank` (Eckart,
/// Young 1936).
nn::Network cut_to_rank(const nn::Network& network, std::int64_t rank,
                        const std::vector<std::string>& layers);

}  // namespace ranklens::study::reproductions
