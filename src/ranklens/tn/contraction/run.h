#pragma once

#include <array>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/contraction/compile.h"

namespace ranklens::tn {

/// Memory that compiled steps work in, kept from run to run. Of one thread at a time; steps that
/// find another's workspace make it theirs.
struct Workspace {
  at::Tensor memory;                             ///< the arena, [elements]
  std::vector<std::array<at::Tensor, 3>> views;  ///< by instruction: out, left, right in the arena
  std::shared_ptr<const Compiled> owner;
};

/// Writes into `result`, from empty_result() or like it. The operands have the strides that the
/// steps were compiled for; nothing is tracked for gradients.
void run_steps(const std::shared_ptr<const Compiled>& steps,
               const std::vector<at::Tensor>& operands, const at::Tensor& result,
               Workspace& workspace);

/// A tensor for the result.
at::Tensor empty_result(const Compiled& steps, const at::TensorOptions& options);

}  // namespace ranklens::tn
