#include "ranklens/study/born_machine/likelihood.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"

namespace ranklens::study::born_machine {

at::Tensor likelihood_loss(const std::vector<at::Tensor>& cores, const at::Tensor& features) {
  base::require(!cores.empty() && features.dim() == 3 &&
                    features.size(1) == static_cast<std::int64_t>(cores.size()),
                "features [samples, sites, d] of {} sites are needed", cores.size());
  auto state = at::ones({features.size(0), 1}, features.options());
  auto overlap = at::ones({1, 1}, features.options());
  auto log_state = at::zeros({features.size(0)}, features.options());
  auto log_overlap = at::zeros({}, features.options());
  for (std::size_t k = 0; k < cores.size(); ++k) {
    const auto& core = cores[k];
    const auto feature = features.select(1, static_cast<std::int64_t>(k));
    const auto met = (state.unsqueeze(2) * feature.unsqueeze(1)).flatten(1);
    state = at::matmul(met, core.flatten(0, 1));
    // The sizes are constants of the gradient: what they change is put back in the logarithms.
    const auto size = state.detach().abs().amax(1).clamp_min(1e-30);
    state = state / size.unsqueeze(1);
    log_state = log_state + size.log();
    const auto half = at::matmul(overlap, core.flatten(1)).view({-1, core.size(1), core.size(2)});
    overlap = at::matmul(core.flatten(0, 1).t(), half.flatten(0, 1));
    const auto largest = overlap.detach().abs().max();
    overlap = overlap / largest;
    log_overlap = log_overlap + largest.log();
  }
  const auto psi = state.squeeze(1).abs().clamp_min(1e-30);
  return overlap.squeeze().log() + log_overlap - 2 * (psi.log() + log_state).mean();
}

}  // namespace ranklens::study::born_machine
