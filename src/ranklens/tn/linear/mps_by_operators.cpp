#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>

#include "ranklens/tn/linear/mps_passes.h"

namespace ranklens::tn {
namespace {

/// A side by libtorch's operators, with the factors that the sweep took: [batch, r].
at::Tensor side_by_operators(const HalfChain& half, const std::vector<at::Tensor>& sites,
                             const at::Tensor& factors) {
  auto state = at::ones({sites.front().size(0), 1}, sites.front().options());
  std::int64_t rescaling = 0;
  for (std::size_t k = 0; k < half.size(); ++k) {
    const auto& phi = sites[half.sites[k]];  // [batch, d]
    const auto& core = half.cores[k];
    const auto joint = half.from_left ? state.unsqueeze(2) * phi.unsqueeze(1)
                                      : phi.unsqueeze(2) * state.unsqueeze(1);
    const auto matrix =
        half.from_left ? core.reshape({-1, core.size(2)}) : core.reshape({core.size(0), -1}).t();
    state = at::matmul(joint.flatten(1), matrix);
    if (rescaled_after(k, half.size())) state = state * factors.select(0, rescaling++).unsqueeze(1);
  }
  return state;
}

}  // namespace

at::Tensor values_by_operators(const Sides& sides, const at::Tensor& features,
                               const KeptSides& kept) {
  const auto sites = features.unbind(1);
  const auto left = side_by_operators(sides.left, sites, kept.left_factors),
             right = side_by_operators(sides.right, sites, kept.right_factors);
  const auto r = sides.label.size(0), classes = sides.label.size(1);
  const auto joint = at::matmul(left, sides.label.reshape({r, -1}));
  return at::matmul(joint.reshape({-1, classes, sides.label.size(2)}), right.unsqueeze(2))
      .squeeze(2);
}

}  // namespace ranklens::tn
