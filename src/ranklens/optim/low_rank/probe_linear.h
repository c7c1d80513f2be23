#pragma once

#include <memory>

#include "ranklens/nn/weight.h"
#include "ranklens/optim/low_rank/probe.h"

namespace ranklens::optim {

/// A probe at work: its point in the type it computes in, and the zeros that its gradients go to;
/// of those to K and L none asks for one where the core alone is read.
struct ProbeCall {
  LowRank point;
  at::Tensor k, s, l;
  std::shared_ptr<Uses> uses;
};

/// x [..., n] -> [..., m]; `bias` [m] may be undefined.
at::Tensor probed_linear(const ProbeCall& call, const at::Tensor& x, const at::Tensor& bias);

}  // namespace ranklens::optim
