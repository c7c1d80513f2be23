#include "ranklens/study/born_machine/likelihood.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linear/mps_classifier.h"

namespace ranklens::study::born_machine {

namespace {

/// log <psi | psi>, from the first site to the last. Brought back to a size of one every few sites:
/// that size is a constant of the gradient, what it changes is put back in the logarithm.
at::Tensor log_overlap(const std::vector<at::Tensor>& cores) {
  constexpr std::size_t kEvery = 4;
  auto overlap = at::ones({1, 1}, cores.front().options());
  auto log_size = at::zeros({}, cores.front().options());
  for (std::size_t k = 0; k < cores.size(); ++k) {
    const auto& core = cores[k];
    const auto half = at::matmul(overlap, core.flatten(1)).view({-1, core.size(2)});
    overlap = at::matmul(core.flatten(0, 1).t(), half);
    if (k % kEvery != kEvery - 1) continue;
    const auto largest = overlap.detach().abs().max();
    overlap = overlap / largest;
    log_size = log_size + largest.log();
  }
  return overlap.squeeze().log() + log_size;
}

}  // namespace

at::Tensor likelihood_loss(const std::vector<at::Tensor>& cores, const at::Tensor& features) {
  base::require(!cores.empty() && features.dim() == 3 &&
                    features.size(1) == static_cast<std::int64_t>(cores.size()),
                "features [samples, sites, d] of {} sites are needed", cores.size());
  // psi is a classifier's value for its only class, the identity on a bond in the middle.
  const auto middle = cores.size() / 2;
  auto with_label = cores;
  with_label.insert(with_label.begin() + static_cast<std::ptrdiff_t>(middle),
                    at::eye(cores[middle].size(0), features.options()).unsqueeze(1));
  const auto psi = tn::mps_classifier(features, with_label, middle);
  const auto log_psi =
      psi.value.squeeze(1).abs().clamp_min(1e-30).log() + std::log(2.0) * psi.exponent;
  return log_overlap(cores) - 2 * log_psi.mean();
}

}  // namespace ranklens::study::born_machine
