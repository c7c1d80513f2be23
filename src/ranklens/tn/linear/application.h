#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/schedule.h"

/// The ways in which a schedule is carried out (the dense matrix whole or in strips, tiles,
/// panels), as one,
/// outside of autograd. Tensors are contiguous and of one type.
namespace ranklens::tn {

struct Applied {
  at::Tensor y;
  std::vector<at::Tensor> kept;  ///< what apply_backward() wants again; some may be undefined
};

/// x [batch, N] -> y [batch, M], plus bias [M] (may be undefined). `training`: a backward pass
/// follows; what is kept for it is what the schedule stores, nothing else.
Applied apply_schedule(const Schedule& schedule, const std::vector<at::Tensor>& cores,
                       const at::Tensor& x, const at::Tensor& bias, bool training);

struct AppliedGradients {
  at::Tensor x;  ///< undefined where it was not wanted
  std::vector<at::Tensor> cores;
};

/// The cores that a backward pass goes back through, and those that gradients of merged cores are
/// divided with: the same, but for tangent_linear().
struct BackwardCores {
  const std::vector<at::Tensor>& through;
  Neighbours neighbours;

  BackwardCores(const std::vector<at::Tensor>& own)  // NOLINT: mostly they are one
      : through(own), neighbours(own) {}
  BackwardCores(const std::vector<at::Tensor>& cores, const Neighbours& dividing)
      : through(cores), neighbours(dividing) {}
};

/// Given dy [batch, M].
AppliedGradients apply_backward(const Schedule& schedule, const BackwardCores& cores,
                                const at::Tensor& x, const at::Tensor& dy,
                                const std::vector<at::Tensor>& kept, bool x_wanted);

}  // namespace ranklens::tn
