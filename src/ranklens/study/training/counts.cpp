#include "ranklens/study/training/counts.h"

#include <algorithm>
#include <optional>

#include <c10/util/accumulate.h>

#include "ranklens/nn/weights/cp.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tt_conv.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/nn/weights/tucker.h"

namespace ranklens::study {

namespace {

std::int64_t largest(const nn::Shape& ranks) {
  return ranks.empty() ? 1 : *std::max_element(ranks.begin(), ranks.end());
}

std::optional<std::int64_t> rank_of(const nn::WeightFormat& weight) {
  if (const auto* low = dynamic_cast<const nn::FixedRank*>(&weight)) return low->rank();
  if (const auto* train = dynamic_cast<const nn::TTMatrix*>(&weight))
    return largest(train->ranks());
  if (const auto* train = dynamic_cast<const nn::TTConv*>(&weight)) return largest(train->ranks());
  if (const auto* tucker = dynamic_cast<const nn::Tucker2*>(&weight))
    return largest({tucker->u().size(1), tucker->v().size(1)});
  if (const auto* cp = dynamic_cast<const nn::CPKernel*>(&weight)) return cp->rank();
  return std::nullopt;
}

}  // namespace

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
    if (const auto rank = rank_of(*network.state.at(name).weight)) ranks[name] = *rank;
  }
  return ranks;
}

}  // namespace ranklens::study
