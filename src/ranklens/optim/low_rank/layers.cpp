#include "ranklens/optim/low_rank/layers.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>

#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tucker.h"
#include "ranklens/tn/linalg/factorise.h"

namespace ranklens::optim {
namespace {

const nn::FixedRank* as_low_rank(const nn::Weight& weight) {
  return weight->kind() == "low_rank" ? static_cast<const nn::FixedRank*>(&*weight) : nullptr;
}

const nn::Tucker2* as_tucker(const nn::Weight& weight) {
  return weight->kind() == "tucker" ? static_cast<const nn::Tucker2*>(&*weight) : nullptr;
}

bool has_window(const nn::Tucker2& weight) {
  return weight.core().numel() != weight.core().size(0) * weight.core().size(1);
}

template <class Point>
Point with_orthonormal_bases(Point found) {
  return orthogonality_error(found) < kOrthonormal ? std::move(found) : orthonormal(found);
}

// A core of p x q as one of the smaller number squared, the bases with fewer columns.
LowRank square_core(const LowRank& matrix) {
  const auto p = matrix.s.size(0), q = matrix.s.size(1);
  if (p == q) return matrix;
  const auto split = tn::qr(p > q ? matrix.s : matrix.s.t());
  if (p > q) return {at::matmul(matrix.u, split.q), split.r, matrix.v};
  return {matrix.u, split.r.t(), at::matmul(matrix.v, split.q)};
}

// Of factors with more columns than a side has entries the bases have as many as it has.
LowRank matrix_of(const nn::FixedRank& weight, bool is_orthonormal) {
  const auto core =
      weight.s().defined() ? weight.s() : at::eye(weight.rank(), weight.u().options());
  LowRank found{weight.u().detach(), core.detach(), weight.v().detach()};
  return is_orthonormal ? found : square_core(with_orthonormal_bases(std::move(found)));
}

LowRank matrix_of(const nn::Tucker2& weight) {
  const auto core = weight.core().detach();
  return square_core(with_orthonormal_bases(LowRank{
      weight.u().detach(), core.reshape({core.size(0), core.size(1)}), weight.v().detach()}));
}

// Calls visit(name, weight) for what is trained.
template <class Visit>
void for_each_trained(const nn::State& state, const Visit& visit) {
  for (const auto& name : state.names()) {
    const auto& entry = state.at(name);
    if (!entry.buffer && entry.trainable) visit(name, entry.weight);
  }
}

nn::Weight stored_tucker(const nn::Shape& shape, const at::Tensor& u, const at::Tensor& core,
                         const at::Tensor& v) {
  auto sizes = shape;
  sizes[0] = core.size(0), sizes[1] = core.size(1);
  return nn::Weight(std::make_shared<nn::Tucker2>(
      shape, u.contiguous(), core.reshape(sizes).contiguous(), v.contiguous()));
}

}  // namespace

bool is_tucker_kernel(const nn::Weight& weight) {
  const auto* tucker = as_tucker(weight);
  return tucker != nullptr && has_window(*tucker);
}

std::vector<LowRankLayer> low_rank_layers(const nn::State& state, const KnownBases& known) {
  std::vector<LowRankLayer> layers;
  for_each_trained(state, [&](const std::string& name, const nn::Weight& weight) {
    const auto* low_rank = as_low_rank(weight);
    const auto* tucker = as_tucker(weight);
    if (low_rank != nullptr) {
      const bool is_orthonormal = known && known(name, low_rank->u(), low_rank->v());
      layers.push_back({name, weight->shape(), matrix_of(*low_rank, is_orthonormal)});
    }
    if (tucker == nullptr || has_window(*tucker)) return;
    layers.push_back({name, weight->shape(), matrix_of(*tucker), true});
  });
  return layers;
}

std::vector<TuckerLayer> tucker_layers(const nn::State& state) {
  std::vector<TuckerLayer> layers;
  for_each_trained(state, [&](const std::string& name, const nn::Weight& weight) {
    if (!is_tucker_kernel(weight)) return;
    const auto* tucker = as_tucker(weight);
    // Whatever order of channels it came in: strides reach the last bits of what is computed.
    const TuckerKernel found{tucker->u().detach().contiguous(),
                             tucker->core().detach().contiguous(),
                             tucker->v().detach().contiguous()};
    layers.push_back({name, weight->shape(), of_attainable_ranks(with_orthonormal_bases(found))});
  });
  return layers;
}

nn::Weight weight_of(const LowRankLayer& layer, const LowRank& matrix) {
  if (layer.tucker) return stored_tucker(layer.shape, matrix.u, matrix.s, matrix.v);
  return nn::Weight(std::make_shared<nn::FixedRank>(layer.shape, matrix.u.contiguous(),
                                                    matrix.s.contiguous(), matrix.v.contiguous()));
}

nn::Weight weight_of(const TuckerLayer& layer, const TuckerKernel& kernel) {
  return stored_tucker(layer.shape, kernel.u, kernel.core, kernel.v);
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
