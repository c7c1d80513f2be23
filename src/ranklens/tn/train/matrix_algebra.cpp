#include "ranklens/tn/train/matrix_algebra.h"

#include "ranklens/base/error.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/modes.h"

namespace ranklens::tn {
namespace {

/// first, first + step, ... below last.
struct Entries {
  std::int64_t first, last, step;
};

/// A part of the row mode (dimension 1 of the core) or of the column mode (2) of one site.
TTMatrix part_of(const TTMatrix& matrix, std::int64_t dimension, std::int64_t mode,
                 const Entries& entries) {
  check(matrix);
  base::require(mode >= 0 && mode < static_cast<std::int64_t>(matrix.cores.size()),
                "a TT matrix of {} sites has no mode {}", matrix.cores.size(), mode);
  auto result = matrix;
  auto& core = result.cores[static_cast<std::size_t>(mode)];
  const auto [first, last, step] = entries;
  base::require(first >= 0 && first < last && last <= core.size(dimension) && step >= 1,
                "entries {} to {} by {} are not a part of {} mode {} of size {}", first, last, step,
                dimension == 1 ? "row" : "column", mode, core.size(dimension));
  core = core.slice(dimension, first, last, step);
  if (result.centre != mode) result.centre = -1;
  return result;
}

/// An index of the fused modes.
Shape fused_index(const TTMatrix& matrix, const Shape& row, const Shape& column) {
  const auto rows = row_modes(matrix), columns = column_modes(matrix);
  base::require(row.size() == rows.size() && column.size() == columns.size(),
                "an entry of a TT matrix of {} sites has {} row and {} column indices, not {} and "
                "{}",
                rows.size(), rows.size(), columns.size(), row.size(), column.size());
  Shape index;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    base::require(row[k] >= 0 && row[k] < rows[k] && column[k] >= 0 && column[k] < columns[k],
                  "an index lies outside the modes {} by {}", text(rows), text(columns));
    index.push_back(row[k] * columns[k] + column[k]);
  }
  return index;
}

Shape in_order(const Shape& modes, const Shape& order) {
  Shape result;
  for (const auto k : order) result.push_back(modes[static_cast<std::size_t>(k)]);
  return result;
}

}  // namespace

TTMatrix hadamard(const TTMatrix& a, const TTMatrix& b) {
  base::require(row_modes(a) == row_modes(b) && column_modes(a) == column_modes(b),
                "an entrywise product needs TT matrices of the same modes");
  return split(hadamard(fused(a), fused(b)), row_modes(a), column_modes(a));
}

at::Tensor sum(const TTMatrix& matrix) { return sum(fused(matrix)); }

TTMatrix slice_rows(const TTMatrix& matrix, std::int64_t mode, std::int64_t first,
                    std::int64_t last, std::int64_t step) {
  return part_of(matrix, 1, mode, {first, last, step});
}

TTMatrix slice_columns(const TTMatrix& matrix, std::int64_t mode, std::int64_t first,
                       std::int64_t last, std::int64_t step) {
  return part_of(matrix, 2, mode, {first, last, step});
}

MatrixApproximation permute(const TTMatrix& matrix, const Shape& order,
                            const Closeness& closeness) {
  auto found = permute(fused(matrix), order, closeness);
  return {
      split(found.train, in_order(row_modes(matrix), order), in_order(column_modes(matrix), order)),
      found.error, std::move(found.cuts)};
}

at::Tensor element(const TTMatrix& matrix, const Shape& row, const Shape& column) {
  check(matrix);
  return element(fused(matrix), fused_index(matrix, row, column));
}

}  // namespace ranklens::tn
