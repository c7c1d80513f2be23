#include "ranklens/study/training/counts.h"

#include <c10/util/accumulate.h>

#include "ranklens/nn/weights/fixed_rank.h"

namespace ranklens::study {

WeightCount count_weights(const nn::Network& network) {
  WeightCount count;
  for (const auto& name : network.state.names()) {
    const auto& entry = network.state.at(name);
    const auto shape = entry.weight->shape();
    if (entry.buffer || shape.size() < 2) continue;
    count.stored += entry.weight->parameters();
    count.dense += c10::multiply_integers(shape);
  }
  return count;
}

std::map<std::string, std::int64_t> ranks_of(const nn::Network& network) {
  std::map<std::string, std::int64_t> ranks;
  for (const auto& name : network.state.names()) {
    const auto* weight =
        dynamic_cast<const nn::FixedRank*>(network.state.at(name).weight.operator->());
    if (weight != nullptr) ranks[name] = weight->rank();
  }
  return ranks;
}

}  // namespace ranklens::study
