#pragma once

#include <optional>

#include "ranklens/tn/contraction/compile.h"
#include "ranklens/tn/linalg/walk.h"

namespace ranklens::tn {

/// A tensor while steps are compiled: its labels, and where its elements lie.
struct Held {
  Labels labels;
  Shape strides;  ///< of the labels' modes
  Holder holder = Holder::operand;
  std::size_t number = 0;
};

std::int64_t elements_of(const Shape& sizes);
/// The strides of a contiguous tensor.
Shape packed_strides(const Shape& sizes);

/// Its modes in that order; labels that it lacks have size 1.
ElementView view_of(const Expression& expression, const Held& held, const Labels& order);

/// Some of its modes as one index.
Walk walk_of(const Expression& expression, const Held& held, const Labels& labels);

/// The labels of a batch of matrices.
struct MatrixLabels {
  Labels batch, rows, columns;
  Labels all() const;
};

/// The tensor as a batch of matrices, [B, m, n] or, without a batch, [m, n]; none where it does not
/// lie as libraries want it, with rows or columns side by side.
std::optional<ElementView> as_matrices(const Expression& expression, const Held& held,
                                       const MatrixLabels& labels);

/// How many products, of how many rows, terms and columns.
struct ProductSizes {
  std::int64_t batch = 1, rows = 1, inner = 1, columns = 1;
};

/// Whether a product is computed by kernels of our own (linalg/strided_product.h) rather than by
/// the library, for which factors that do not lie as it wants them are copied first.
bool strided_pays(const ProductSizes& sizes, bool left_lies, bool right_lies);

}  // namespace ranklens::tn
