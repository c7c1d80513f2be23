#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/tn/contraction/layout.h"

namespace ranklens::tn {

/// A tensor and the labels of its modes.
struct Labelled {
  at::Tensor tensor;
  Labels labels;
};

/// Computes one step. Plain operators of ATen, so differentiable.
Labelled merged(const Expression& expression, const Merge& merge, const Labelled& left,
                const Labelled& right);

/// The tensor with its modes in that order.
at::Tensor permuted(const Labelled& operand, const Labels& order);

}  // namespace ranklens::tn
