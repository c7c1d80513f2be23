#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// Cores [r, n, r'] of a train and, for each, a gradient with respect to it (or a mean of such); or
/// no gradients.
struct GaugedCores {
  std::vector<at::Tensor> cores, gradients;
};

/// The same tensor with the cores left of the middle one left-orthogonal, those right of it
/// right-orthogonal and its norm shared by all in equal factors. Gradients become those with
/// respect to the new cores: where Q = G R^-1 and R goes to the neighbour, the one of Q is that of
/// G times R^T, the neighbour's is multiplied by R^-T (the pseudo-inverse where a rank was more
/// than there is). A core that is orthogonal already stays, as R has a diagonal above zero. Ranks
/// above what the modes allow go.
GaugedCores recanonicalised(const GaugedCores& from);

}  // namespace ranklens::optim
