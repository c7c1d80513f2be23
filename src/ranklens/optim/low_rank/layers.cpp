#include "ranklens/optim/low_rank/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>

#include "ranklens/nn/weights/fixed_rank.h"

namespace ranklens::optim {
namespace {

const nn::FixedRank* as_low_rank(const nn::Weight& weight) {
  return weight->kind() == "low_rank" ? static_cast<const nn::FixedRank*>(&*weight) : nullptr;
}

// Float32 products of a basis of n columns differ from the identity by some 1e-7.
constexpr double kOrthonormal = 1e-5;

LowRank matrix_of(const nn::FixedRank& weight) {
  const auto core =
      weight.s().defined() ? weight.s() : at::eye(weight.rank(), weight.u().options());
  const LowRank found{weight.u().detach(), core.detach(), weight.v().detach()};
  return orthogonality_error(found) < kOrthonormal ? found : orthonormal(found);
}

}  // namespace

std::vector<LowRankLayer> low_rank_layers(const nn::State& state) {
  std::vector<LowRankLayer> layers;
  for (const auto& name : state.names()) {
    const auto& entry = state.at(name);
    const auto* weight = as_low_rank(entry.weight);
    if (weight == nullptr || entry.buffer || !entry.trainable) continue;
    layers.push_back({name, weight->shape(), matrix_of(*weight)});
  }
  return layers;
}

nn::Weight weight_of(const nn::Shape& shape, const LowRank& matrix) {
  return nn::Weight(std::make_shared<nn::FixedRank>(shape, matrix.u.contiguous(),
                                                    matrix.s.contiguous(), matrix.v.contiguous()));
}

nn::State absorbed(const nn::State& state) {
  nn::State plain = state;
  for (const auto& name : state.names()) {
    const auto* weight = as_low_rank(state.at(name).weight);
    if (weight == nullptr || !weight->s().defined()) continue;
    plain.replace(name, nn::Weight(std::make_shared<nn::FixedRank>(
                            weight->shape(), at::matmul(weight->u(), weight->s()), at::Tensor(),
                            weight->v())));
  }
  return plain;
}

}  // namespace ranklens::optim
