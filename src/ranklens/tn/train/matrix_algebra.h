#pragma once

#include "ranklens/tn/train/round.h"

// What tensor trains have and TT matrices need by rows and columns; sums, products and inner
// products are in algebra.h. By way of the train of fused modes, whose cores are views.
namespace ranklens::tn {

/// Entry by entry.
TTMatrix hadamard(const TTMatrix& a, const TTMatrix& b);
/// The sum of all entries.
at::Tensor sum(const TTMatrix& matrix);

/// Entries first, first + step, ... below last of a row mode, or of a column mode.
TTMatrix slice_rows(const TTMatrix& matrix, std::int64_t mode, std::int64_t first,
                    std::int64_t last, std::int64_t step = 1);
TTMatrix slice_columns(const TTMatrix& matrix, std::int64_t mode, std::int64_t first,
                       std::int64_t last, std::int64_t step = 1);

/// Site k of the result is site order[k] of the matrix, rows and columns alike; as of trains.
MatrixApproximation permute(const TTMatrix& matrix, const Shape& order,
                            const Closeness& closeness = {});

/// The same matrix with other modes, of as many rows and columns: sites between two places at which
/// the products of both rows and columns meet are merged into one core and split anew by QR
/// (rows 6, columns 4 to rows 2x3, columns 2x2 splits one core, as quantised trains need). Ranks
/// are what the modes allow; `round` lowers them. Error where the numbers of row and column modes
/// differ, their products are not the matrix's, or a merged core would have more than 2^31 entries.
TTMatrix reshape(const TTMatrix& matrix, const Shape& rows, const Shape& columns);

/// One entry, a tensor without dimensions: an index of each row mode and of each column mode.
at::Tensor element(const TTMatrix& matrix, const Shape& row, const Shape& column);

}  // namespace ranklens::tn
