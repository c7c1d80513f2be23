#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ranklens/nn/network.h"

namespace ranklens::study {

/// The numbers of a network's weights, as the low-rank literature counts them: of linear maps and
/// convolutions, without biases and norms.
struct WeightCount {
  std::int64_t stored = 0;  ///< r (m + n) of a weight of rank r
  std::int64_t dense = 0;   ///< m n
  /// 1 - stored / dense: what the literature calls compression ratio.
  double saved() const { return 1 - static_cast<double>(stored) / static_cast<double>(dense); }
};

WeightCount count_weights(const nn::Network& network);

/// The rank of each weight of low rank, by its name: of a train the largest of its ranks, of a
/// Tucker weight the larger one, of a canonical polyadic weight its terms.
std::map<std::string, std::int64_t> ranks_of(const nn::Network& network);

}  // namespace ranklens::study
