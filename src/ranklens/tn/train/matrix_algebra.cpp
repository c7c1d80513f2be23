#include "ranklens/tn/train/matrix_algebra.h"

#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/modes.h"
#include "ranklens/tn/train/regroup.h"

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

struct Sites {
  Shape rows, columns;
};

Shape part(const Shape& modes, std::size_t from, std::size_t to) {
  return {modes.begin() + static_cast<std::ptrdiff_t>(from),
          modes.begin() + static_cast<std::ptrdiff_t>(to)};
}

/// Sites between two neighbouring places at which both products meet, of the old modes and of the
/// new.
struct SiteRun {
  std::size_t old_from = 0, old_to = 0, from = 0, to = 0;
};

/// Both have the same products. Sites of size 1 at the end belong to the last run.
std::vector<SiteRun> common_sites(const Sites& old, const Sites& sites) {
  std::vector<SiteRun> runs;
  SiteRun run;
  std::int64_t old_rows = 1, old_columns = 1, rows = 1, columns = 1;
  const auto take = [](const Sites& all, std::size_t& at, std::int64_t& m, std::int64_t& n) {
    m *= all.rows[at];
    n *= all.columns[at];
    ++at;
  };
  while (run.old_to < old.rows.size() || run.to < sites.rows.size()) {
    // Whichever is behind goes on; rows before columns.
    const bool behind = old_rows < rows || (old_rows == rows && old_columns <= columns);
    const bool old_left = run.old_to < old.rows.size();
    if (old_left && (behind || run.to == sites.rows.size())) {
      take(old, run.old_to, old_rows, old_columns);
    } else {
      take(sites, run.to, rows, columns);
    }
    const bool meet = old_rows == rows && old_columns == columns;
    if (!meet || run.old_to == run.old_from || run.to == run.from) continue;
    runs.push_back(run);
    run = {run.old_to, run.old_to, run.to, run.to};
  }
  if (run.old_to > run.old_from || run.to > run.from) {
    runs.back().old_to = run.old_to;
    runs.back().to = run.to;
  }
  return runs;
}

/// A core [r, (m1 n1 m2 n2 ...), s] with its rows and its columns counted in other modes.
at::Tensor regrouped(const at::Tensor& core, const Sites& from, const Sites& to) {
  Shape sizes{core.size(0)}, order{0}, columns;
  const auto sites = static_cast<std::int64_t>(from.rows.size());
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto at = static_cast<std::size_t>(k);
    sizes.insert(sizes.end(), {from.rows[at], from.columns[at]});
    order.push_back(1 + 2 * k);
    columns.push_back(2 + 2 * k);
  }
  sizes.push_back(core.size(2));
  order.insert(order.end(), columns.begin(), columns.end());
  order.push_back(1 + 2 * sites);
  auto apart = core.reshape(sizes).permute(order);  // rows, then columns
  Shape fresh{core.size(0)}, back{0};
  fresh.insert(fresh.end(), to.rows.begin(), to.rows.end());
  fresh.insert(fresh.end(), to.columns.begin(), to.columns.end());
  fresh.push_back(core.size(2));
  const auto count = static_cast<std::int64_t>(to.rows.size());
  for (std::int64_t k = 0; k < count; ++k) back.insert(back.end(), {1 + k, 1 + count + k});
  back.push_back(1 + 2 * count);
  return apart.reshape(fresh).permute(back).reshape({core.size(0), -1, core.size(2)});
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

TTMatrix reshape(const TTMatrix& matrix, const Shape& rows, const Shape& columns) {
  check(matrix);
  const auto old_rows = row_modes(matrix), old_columns = column_modes(matrix);
  base::require(!rows.empty() && rows.size() == columns.size(),
                "a TT matrix has as many row modes as column modes, not {} and {}", rows.size(),
                columns.size());
  for (const auto* modes : {&rows, &columns})
    for (const auto n : *modes) base::require(n >= 1, "modes must be at least 1, not {}", n);
  base::require(c10::multiply_integers(rows) == c10::multiply_integers(old_rows) &&
                    c10::multiply_integers(columns) == c10::multiply_integers(old_columns),
                "a TT matrix of rows {} and columns {} cannot have rows {} and columns {}: their "
                "products differ",
                text(old_rows), text(old_columns), text(rows), text(columns));
  TensorTrain result{{}, -1, matrix.log_scale};
  const auto train = fused(matrix);
  for (const auto& run : common_sites({old_rows, old_columns}, {rows, columns})) {
    auto core = train.cores[run.old_from];
    for (auto k = run.old_from + 1; k < run.old_to; ++k) core = merged(core, train.cores[k]);
    const Sites from{part(old_rows, run.old_from, run.old_to),
                     part(old_columns, run.old_from, run.old_to)};
    const Sites to{part(rows, run.from, run.to), part(columns, run.from, run.to)};
    Shape modes;
    for (std::size_t k = 0; k < to.rows.size(); ++k) modes.push_back(to.rows[k] * to.columns[k]);
    append_split(result.cores, regrouped(core, from, to), modes);
  }
  return split(result, rows, columns);
}

at::Tensor element(const TTMatrix& matrix, const Shape& row, const Shape& column) {
  check(matrix);
  return element(fused(matrix), fused_index(matrix, row, column));
}

}  // namespace ranklens::tn
