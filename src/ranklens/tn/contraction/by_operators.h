#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/contraction/layout.h"

namespace ranklens::tn {

/// How many operands, and the output, have each label.
std::vector<int> holders_of(const Expression& expression);

/// Labels without those of size 1 and those that one operand alone has; a label that is there twice
/// goes to the end, as diagonals do.
Labels laid_out_labels(const Expression& expression, const std::vector<int>& holders,
                       const Labels& labels);

/// The steps by ATen's operators: differentiable, and what compiled steps are tested against.
at::Tensor run_by_operators(const Expression& expression, const std::vector<int>& holders,
                            const std::vector<Merge>& merges, std::vector<at::Tensor> operands);

}  // namespace ranklens::tn
