#include "ranklens/study/training/two_core_trains.h"

#include <memory>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tt_matrix.h"

namespace ranklens::study::reproductions {

nn::Network as_two_core_trains(const nn::Network& network) {
  nn::Network made = network;
  for (const auto& name : network.state.names()) {
    const auto* weight =
        dynamic_cast<const nn::FixedRank*>(network.state.at(name).weight.operator->());
    if (weight == nullptr) continue;
    const auto left = weight->s().defined() ? at::matmul(weight->u(), weight->s()) : weight->u();
    const auto rank = weight->rank();
    const std::vector<at::Tensor> cores{
        left.contiguous().view({1, left.size(0), 1, rank}),
        weight->v().t().contiguous().view({rank, 1, weight->v().size(0), 1})};
    made.state.replace(name, nn::Weight(std::make_shared<nn::TTMatrix>(weight->shape(), cores)));
  }
  return made;
}

}  // namespace ranklens::study::reproductions
