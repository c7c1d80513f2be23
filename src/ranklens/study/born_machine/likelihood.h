#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::study::born_machine {

/// The mean of -log (psi(x)^2 / <psi | psi>) over the samples as a differentiable function of the
/// cores [r, d, r'], in nats a sample; `features` [samples, sites, d]. Both parts are brought back
/// to a size of one at every site, so any number of sites neither over- nor underflows.
at::Tensor likelihood_loss(const std::vector<at::Tensor>& cores, const at::Tensor& features);

}  // namespace ranklens::study::born_machine
