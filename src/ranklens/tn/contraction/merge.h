#pragma once

#include <optional>

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

/// A factor of a multiplication that has some of the result's last modes but not all would be
/// multiplied in stretches of a few elements: where that costs little, the sizes to which it is to
/// be spread out first. `sizes` are the factor's, those of modes that it lacks being 1.
std::optional<Shape> spread_sizes(const Shape& sizes, const Shape& result);

/// The tensor with its modes in that order.
at::Tensor permuted(const Labelled& operand, const Labels& order);

}  // namespace ranklens::tn
