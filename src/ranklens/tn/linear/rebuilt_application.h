#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/application.h"

namespace ranklens::tn {

/// The dense matrix a strip at a time, by the kernels of panels/rebuilt.h: float32 on a processor.
/// As apply_schedule() and apply_backward(); nothing is kept.
at::Tensor apply_strips(const Schedule& schedule, const std::vector<at::Tensor>& cores,
                        const at::Tensor& x, const at::Tensor& bias);
AppliedGradients apply_strips_backward(const Schedule& schedule, const BackwardCores& cores,
                                       const at::Tensor& x, const at::Tensor& dy, bool x_wanted);

}  // namespace ranklens::tn
