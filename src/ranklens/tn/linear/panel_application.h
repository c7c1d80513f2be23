#pragma once

#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/panels/two_steps.h"
#include "ranklens/tn/linear/schedule.h"

namespace ranklens::tn {

/// A train in two steps by the kernels of panels/: float32 on a processor, outside of autograd.
struct PanelApplication {
  panels::TwoSteps sizes;
  MergedHalves first, second;
};

PanelApplication panel_application(const std::vector<at::Tensor>& cores, const Schedule& schedule);

/// x [batch, N] -> y [batch, M], plus bias [M] (may be undefined). `states`, where given, gets what
/// lies between the steps.
at::Tensor apply_panels(const PanelApplication& work, const at::Tensor& x, const at::Tensor& bias,
                        at::Tensor* states);

struct PanelGradients {
  at::Tensor x;              ///< undefined where it was not wanted
  at::Tensor first, second;  ///< of the numbers of both matrices
};

/// Given dy [batch, M]. States that are undefined are computed again.
PanelGradients apply_panels_backward(const PanelApplication& work, const at::Tensor& x,
                                     const at::Tensor& dy, const at::Tensor& states, bool x_wanted);

}  // namespace ranklens::tn
