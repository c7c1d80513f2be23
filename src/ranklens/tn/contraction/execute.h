#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/contraction/path.h"

namespace ranklens::tn {

/// The result of an expression, whose modes are the labels of its output, by the steps of a path:
/// a Program (program.h) that is made for these operands and run once. For a path that is used
/// again, keep the Program.
///
/// Each step is one batch of matrix products or one multiplication with broadcasting. Repeated
/// labels take diagonals, and labels that only one operand has are summed over, before the first
/// step. Differentiable in all operands. `sliced` labels are fixed to each of their values in turn.
///
/// Error where the operands' number, shapes, dtypes or devices do not fit; they are floating or
/// complex, all of one dtype.
at::Tensor execute(const Expression& expression, const Path& path,
                   const std::vector<at::Tensor>& operands, const Labels& sliced = {});

/// Plans and executes. For an expression that is used again, plan once and keep a Program.
at::Tensor contract(const Expression& expression, const std::vector<at::Tensor>& operands);
/// The same for an equation (expression.h) whose sizes are the operands'.
at::Tensor contract(std::string_view equation, const std::vector<at::Tensor>& operands);

/// The shapes of tensors.
std::vector<Shape> shapes_of(const std::vector<at::Tensor>& tensors);

}  // namespace ranklens::tn
