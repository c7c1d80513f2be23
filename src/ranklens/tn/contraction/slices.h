#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/tn/contraction/expression.h"

namespace ranklens::tn {

/// The values that sliced labels take in turn. Those of the output come first: slice number
/// `outer * inner_count + inner` belongs to part `outer` of the result.
struct Slices {
  /// Error where a label does not exist.
  Slices(const Expression& expression, const Labels& sliced);

  Labels labels;
  Shape sizes;
  std::int64_t outer_count = 1;  ///< values of the output's labels together
  std::int64_t inner_count = 1;  ///< of the others, whose slices are added; both at most 2^63 - 1

  Shape values_of(std::int64_t number) const;
  /// The part of a tensor with these labels that has these values.
  at::Tensor part(at::Tensor tensor, const Labels& its, const Shape& values) const;
  /// Those of `its` that are not sliced.
  Labels without(Labels its) const;
};

/// The expression of one slice.
Expression slice_of(const Slices& slices, Expression expression);

}  // namespace ranklens::tn
