#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// How `gradient` of `output` reaches those of the inputs that need a gradient, as something that
/// can be differentiated again; undefined for the others. `output` was computed from them through
/// libtorch's operators.
std::vector<at::Tensor> gradients_by_graph(const at::Tensor& output,
                                           const std::vector<at::Tensor>& inputs,
                                           const at::Tensor& gradient);

}  // namespace ranklens::base
