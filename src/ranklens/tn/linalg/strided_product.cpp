#include "ranklens/tn/linalg/strided_product.h"

#include <algorithm>
#include <memory>

#include "ranklens/base/parallel.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/linalg/lanes.h"
#include "ranklens/tn/linalg/tile.h"

namespace ranklens::tn {
namespace {

#if defined(RANKLENS_FMA)

/// Blocks: so long an inner stretch (a tile's rows and panel fit the first cache), so many numbers
/// of a factor or of the product (the second), so many columns (a part of the third).
constexpr std::int64_t kInner = 256, kNumbers = std::int64_t{18} * 1024, kColumns = 1024,
                       kMostRows = 960;
/// The left factor is read as it lies, not packed, for so few panels of columns: with inner indices
/// side by side, and without. The right one, with columns side by side, for so few rows.
constexpr std::int64_t kPanelsAlong = 6, kPanelsAcross = 3, kRowsAlong = 6;
/// With more rows than these a block of the right factor is worth more room than the second cache.
constexpr std::int64_t kManyRows = 256;

std::int64_t parts_of(std::int64_t count, std::int64_t most) { return (count + most - 1) / most; }

/// A multiple of `grain` near `wanted`, at most `most`.
std::int64_t step_of(std::int64_t wanted, std::int64_t grain, std::int64_t most) {
  return std::clamp(wanted / grain * grain, grain, most);
}

/// Memory of a thread for packed blocks, kept.
template <class Number>
Number* scratch(int which, std::int64_t count) {
  thread_local std::vector<Number> memory[2];
  auto& there = memory[which];
  if (there.size() < static_cast<std::size_t>(count)) there.resize(static_cast<std::size_t>(count));
  return there.data();
}

struct Range {
  std::int64_t begin = 0, end = 0;
  std::int64_t count() const { return end - begin; }
};

/// One thread's part of a product.
template <class Lanes>
class Multiplication {
 public:
  using Number = typename Lanes::Number;

  Multiplication(const StridedProduct& product, Range rows, Range columns)
      : product_(product),
        row_range_(rows),
        column_range_(columns),
        inner_(product.left_inner.count()),
        all_columns_(product.columns.count()),
        rows_(product.rows),
        left_inner_(product.left_inner),
        right_inner_(product.right_inner),
        columns_(product.columns) {
    inner_step_ = parts_of(inner_, parts_of(inner_, kInner));
    column_step_ =
        rows.count() > kManyRows ? kColumns : step_of(2 * kNumbers / inner_step_, kPanel, kColumns);
    row_step_ = step_of(kNumbers / inner_step_, kTileRows, kMostRows);
    const auto& walk = product.left_inner;
    const bool along = walk.stride() == 1 || inner_ == 1;
    left_as_it_lies_ =
        walk.even() && parts_of(columns.count(), kPanel) <= (along ? kPanelsAlong : kPanelsAcross);
    right_as_it_lies_ = product.columns.even() && product.columns.stride() == 1 &&
                        product.right_inner.even() && rows.count() <= kRowsAlong;
  }

  void run(const Number* left, const Number* right, Number* out) {
    for (auto j = column_range_.begin; j < column_range_.end; j += column_step_) {
      const auto n = std::min(column_step_, column_range_.end - j);
      const auto* columns = columns_.at(j, n);
      for (std::int64_t k = 0; k < inner_; k += inner_step_) {
        const auto depth = std::min(inner_step_, inner_ - k);
        const auto* inner = left_inner_.at(k, depth);
        const auto panels = panels_of(right, columns, n, right_inner_.at(k, depth), depth);
        for (auto i = row_range_.begin; i < row_range_.end; i += row_step_) {
          const auto m = std::min(row_step_, row_range_.end - i);
          block({left, rows_.at(i, m), m, inner, depth, out + i * all_columns_ + j, k > 0}, panels);
        }
      }
    }
  }

 private:
  static constexpr std::int64_t kPanel = 2 * Lanes::width;

  /// Columns of the right factor in panels.
  struct Panels {
    const Number* whole;  ///< the first of those with all columns
    std::int64_t to_next, step;
    const Number* last;  ///< with the columns that are left over, if any are
    std::int64_t columns;
  };
  /// Some rows of the left factor, and where their products go.
  struct Rows {
    const Number* left;
    const std::int64_t* at;
    std::int64_t count;
    const std::int64_t* inner;
    std::int64_t depth;
    Number* out;
    bool add;
  };

  Panels panels_of(const Number* right, const std::int64_t* columns, std::int64_t count,
                   const std::int64_t* inner, std::int64_t depth) {
    const auto whole = count / kPanel * kPanel, left_over = count - whole;
    // A line more than it has: else panels of 256 would all lie in the same few places of a cache.
    const auto to_next = kPanel * (depth + 1);
    auto* to = scratch<Number>(0, parts_of(count, kPanel) * to_next);
    auto* last = to + whole / kPanel * to_next;
    if (left_over > 0) {
      std::fill(last, last + kPanel * depth, Number(0));
      pack<Lanes>(left_over, right, columns + whole, inner, depth, kPanel, last);
    }
    if (right_as_it_lies_) {
      return {right + columns[0] + inner[0], kPanel, product_.right_inner.stride(), last, count};
    }
    if (in_lines<kPanel>(columns, whole)) {
      pack_lines<Lanes, kPanel>(right, columns, whole, inner, depth, to_next, to);
    } else {
      for (std::int64_t j = 0; j < whole; j += kPanel) {
        pack<Lanes>(kPanel, right, columns + j, inner, depth, kPanel, to + j / kPanel * to_next);
      }
    }
    return {to, to_next, kPanel, last, count};
  }

  /// The rows of a tile: as many tiles as are needed, as even as can be.
  static Range tile_rows(std::int64_t rows, std::int64_t tile) {
    const auto tiles = parts_of(rows, kTileRows);
    return {rows * tile / tiles, rows * (tile + 1) / tiles};
  }

  const Number* packed_rows(const Rows& rows) {
    auto* to = scratch<Number>(1, rows.count * rows.depth);
    for (std::int64_t tile = 0; tile < parts_of(rows.count, kTileRows); ++tile) {
      const auto [begin, end] = tile_rows(rows.count, tile);
      pack<Lanes, kTileRows>(end - begin, rows.left, rows.at + begin, rows.inner, rows.depth,
                             end - begin, to + begin * rows.depth);
    }
    return to;
  }

  void block(const Rows& rows, const Panels& panels) {
    const auto* packed = left_as_it_lies_ ? nullptr : packed_rows(rows);
    const auto tiles = parts_of(rows.count, kTileRows);
    for (std::int64_t j = 0; j < panels.columns; j += kPanel) {
      const bool whole = j + kPanel <= panels.columns;
      const TilePanel<Number> panel{
          whole ? panels.whole + j / kPanel * panels.to_next : panels.last,
          whole ? panels.step : kPanel};
      for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const auto [begin, end] = tile_rows(rows.count, tile);
        TileRows<Number> left;
        left.step = packed ? end - begin : product_.left_inner.stride();
        for (auto i = begin; i < end; ++i) {
          left.first[i - begin] = packed ? packed + begin * rows.depth + i - begin
                                         : rows.left + rows.at[i] + rows.inner[0];
        }
        multiply_tile<Lanes>(end - begin, left, rows.depth, panel,
                             {.first = rows.out + begin * all_columns_ + j,
                              .step = all_columns_,
                              .columns = std::min(kPanel, panels.columns - j),
                              .add = rows.add});
      }
    }
  }

  const StridedProduct& product_;
  Range row_range_, column_range_;
  std::int64_t inner_, all_columns_, inner_step_ = 1, row_step_ = 1, column_step_ = 1;
  bool left_as_it_lies_ = false, right_as_it_lies_ = false;
  WalkTable rows_, left_inner_, right_inner_, columns_;
};

/// Work below this, in multiply-adds, is not worth another thread.
constexpr std::int64_t kGrain = 1 << 17;

template <class Lanes, class Number = typename Lanes::Number>
void multiply_all(const StridedProduct& product, const Number* left, const Number* right,
                  Number* out) {
  const auto batch = product.left_batch.count(), m = product.rows.count(),
             n = product.columns.count(), k = product.left_inner.count();
  if (batch * m * n == 0) return;
  if (k == 0) return std::fill(out, out + batch * m * n, Number(0)), void();
  const auto each = [&](std::int64_t begin, std::int64_t end, Range rows, Range columns) {
    Multiplication<Lanes> multiplication(product, rows, columns);
    WalkTable lefts(product.left_batch), rights(product.right_batch);
    constexpr std::int64_t stretch = 256;
    for (; begin < end; begin += stretch) {
      const auto count = std::min(stretch, end - begin);
      const auto *a = lefts.at(begin, count), *b = rights.at(begin, count);
      for (std::int64_t item = 0; item < count; ++item) {
        multiplication.run(left + a[item], right + b[item], out + (begin + item) * m * n);
      }
    }
  };
  const auto threads = static_cast<std::int64_t>(base::threads());
  const auto grain = [&](std::int64_t work) { return std::max<std::int64_t>(1, kGrain / work); };
  if (threads == 1 || batch * m * n * k < 2 * kGrain) return each(0, batch, {0, m}, {0, n});
  if (batch >= threads) {
    return base::parallel_over(batch, grain(m * n * k), [&](std::int64_t begin, std::int64_t end) {
      each(begin, end, {0, m}, {0, n});
    });
  }
  const bool by_rows = m >= n;
  constexpr auto panel = 2 * Lanes::width;
  const auto step = by_rows ? kTileRows : panel, all = by_rows ? m : n;
  base::parallel_over(parts_of(all, step), grain(batch * m * n * k / all * step),
                      [&](std::int64_t begin, std::int64_t end) {
                        const Range part{begin * step, std::min(end * step, all)};
                        each(0, batch, by_rows ? part : Range{0, m}, by_rows ? Range{0, n} : part);
                      });
}

#endif

}  // namespace

bool has_strided_product() { return lanes::available(); }

void multiply([[maybe_unused]] const StridedProduct& product, [[maybe_unused]] const double* left,
              [[maybe_unused]] const double* right, [[maybe_unused]] double* out) {
#if defined(RANKLENS_FMA)
  multiply_all<lanes::Doubles>(product, left, right, out);
#endif
}

void multiply([[maybe_unused]] const StridedProduct& product, [[maybe_unused]] const float* left,
              [[maybe_unused]] const float* right, [[maybe_unused]] float* out) {
#if defined(RANKLENS_FMA)
  multiply_all<lanes::Floats>(product, left, right, out);
#endif
}

}  // namespace ranklens::tn
