#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/schedule.h"

namespace ranklens::tn {

/// A train's application to a batch, tile by tile, outside of autograd.
struct Application {
  const Schedule& schedule;
  std::vector<StepSizes> sizes;             ///< for one row of the batch
  const std::vector<at::Tensor>& matrices;  ///< of the steps
};

/// x [batch, N] -> y [batch, M], plus bias [M] (may be undefined). `kept` gets, for every step but
/// the last, its result for the whole batch where the schedule stores it (else it is left
/// undefined); nullptr where no backward pass follows.
at::Tensor apply_tiles(const Application& work, const at::Tensor& x, const at::Tensor& bias,
                       std::vector<at::Tensor>* kept);

struct ApplicationGradients {
  at::Tensor x;                      ///< undefined where it was not wanted
  std::vector<at::Tensor> matrices;  ///< of each step's matrix
};

/// Given dy [batch, M]: results that were not kept are computed again.
ApplicationGradients apply_tiles_backward(const Application& work, const at::Tensor& x,
                                          const at::Tensor& dy, const std::vector<at::Tensor>& kept,
                                          bool x_wanted);

}  // namespace ranklens::tn
