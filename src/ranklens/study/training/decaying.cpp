#include "ranklens/study/training/decaying.h"

#include <cmath>
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/pow.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/nn/weights/fixed_rank.h"

namespace ranklens::study::reproductions {
namespace {

at::Tensor orthonormal_columns(base::Stream& stream, std::int64_t rows, std::int64_t columns) {
  return std::get<0>(at::linalg_qr(stream.normal({rows, columns})));
}

nn::Weight decaying_weight(const nn::FixedRank& weight, double decay, base::Stream stream) {
  const auto rank = weight.rank();
  const auto u = orthonormal_columns(stream, weight.u().size(0), rank);
  const auto v = orthonormal_columns(stream, weight.v().size(0), rank);
  const auto order = at::arange(rank, at::kFloat);
  const auto values = std::get<0>(stream.normal({rank}).abs().sort(0, /*descending=*/true)) *
                      at::pow(decay, -order);
  return nn::Weight(std::make_shared<nn::FixedRank>(weight.shape(), u * values.sqrt(), at::Tensor(),
                                                    v * values.sqrt()));
}

}  // namespace

nn::Network with_decaying_values(const nn::Network& network, double decay, std::uint64_t seed) {
  base::require(decay >= 1, "singular values decay by a factor of at least 1, not {}", decay);
  nn::Network made = network;
  for (const auto& name : network.state.names()) {
    const auto* weight =
        dynamic_cast<const nn::FixedRank*>(network.state.at(name).weight.operator->());
    if (weight == nullptr) continue;
    made.state.replace(name, decaying_weight(*weight, decay, base::Stream(seed, "init", name)));
  }
  return made;
}

nn::Network cut_to_rank(const nn::Network& network, std::int64_t rank,
                        const std::vector<std::string>& layers) {
  nn::Network cut = network;
  for (const auto& layer : layers) {
    const auto& weight = network.state.at(layer + ".weight").weight;
    cut.state.replace(layer + ".weight", nn::FixedRank::from_dense(weight->dense(), {rank}));
  }
  return cut;
}

}  // namespace ranklens::study::reproductions
