#include "ranklens/tn/linear/panels/rebuilt.h"

#include <algorithm>
#include <vector>

namespace ranklens::tn::panels {
namespace {

/// The halves as strips of outputs or of inputs see them: a strip is at (slow, fast .. fast +
/// width) of the strips' index, its rows are the other index.
struct Sides {
  std::int64_t slow, fast;             ///< of the index in strips
  std::int64_t row_slow, row_fast;     ///< of the index of a strip's rows
  std::int64_t left_slow, left_row;    ///< strides of `left` in slow and row_slow
  std::int64_t right_fast, right_row;  ///< strides of `right` in fast and row_fast
};

Sides sides_of(const Rebuilt& n, bool outputs) {
  if (outputs) return {n.a, n.b, n.c, n.d, n.c * n.r, n.r, n.d, 1};
  return {n.c, n.d, n.a, n.b, n.r, n.c * n.r, 1, n.d};
}

/// Strip number k: two registers wide, or one where that is all that is left of its slow index.
struct Strip {
  std::int64_t slow, first, vectors;
};

std::int64_t strips_each(const Table& k, std::int64_t fast) { return (fast / k.lanes + 1) / 2; }

Strip strip_at(const Table& k, std::int64_t fast, std::int64_t number) {
  const auto each = strips_each(k, fast);
  const auto first = number % each * 2 * k.lanes;
  return {number / each, first, std::min<std::int64_t>(2, (fast - first) / k.lanes)};
}

}  // namespace

bool takes(const Table& k, const Rebuilt& n) { return n.b % k.lanes == 0 && n.d % k.lanes == 0; }

Halves pack_halves(const Table& k, const Rebuilt& n, const float* left, const float* right,
                   bool outputs, const Room& room) {
  const auto s = sides_of(n, outputs);
  float* const rows = room(n.a * n.c * n.r);
  float* out = rows;
  const auto blocks = blocks_of(s.row_slow, k.tallest);
  for (std::int64_t i = 0; i < s.slow; ++i) {
    for (std::int64_t g = 0; g < blocks; ++g) {
      const auto [first, count] = block_of(s.row_slow, blocks, g);
      for (std::int64_t r = 0; r < n.r; ++r) {
        for (std::int64_t m = first; m < first + count; ++m)
          *out++ = left[i * s.left_slow + m * s.left_row + r];
      }
    }
  }
  // [strip of fast][row_fast][r][width]
  float* const panels = room(n.r * n.b * n.d);
  out = panels;
  for (std::int64_t number = 0; number < strips_each(k, s.fast); ++number) {
    const auto strip = strip_at(k, s.fast, number);
    for (std::int64_t row = 0; row < s.row_fast; ++row) {
      for (std::int64_t r = 0; r < n.r; ++r) {
        const float* from = right + r * n.b * n.d + strip.first * s.right_fast + row * s.right_row;
        for (std::int64_t v = 0; v < strip.vectors * k.lanes; ++v) *out++ = from[v * s.right_fast];
      }
    }
  }
  return {rows, panels};
}

std::int64_t strip_count(const Table& k, const Rebuilt& n, bool outputs) {
  const auto s = sides_of(n, outputs);
  return s.slow * strips_each(k, s.fast);
}

void apply_strips(const Table& k, const Rebuilt& n, const Halves& halves, bool outputs,
                  const float* x, std::int64_t rows, float* y, std::int64_t begin, std::int64_t end,
                  const Room& room) {
  const auto s = sides_of(n, outputs);
  const auto inner = s.row_slow * s.row_fast, width_of_y = s.slow * s.fast;
  float* const panel = room(inner * 2 * k.lanes);
  std::vector<std::int64_t> places(static_cast<std::size_t>(s.row_slow));
  for (auto number = begin; number < end; ++number) {
    const auto strip = strip_at(k, s.fast, number);
    const auto width = strip.vectors * k.lanes;
    for (std::int64_t m = 0; m < s.row_slow; ++m)
      places[static_cast<std::size_t>(m)] = m * s.row_fast * width;
    for (std::int64_t row = 0; row < s.row_fast; ++row) {
      k.by_matrix(halves.left + strip.slow * s.row_slow * n.r, s.row_slow, n.r,
                  halves.right + (strip.first * s.row_fast + row * width) * n.r, strip.vectors,
                  panel + row * width, places.data(), false);
    }
    k.by_strided({x, rows, inner, inner, 1}, panel, strip.vectors,
                 y + strip.slow * s.fast + strip.first, width_of_y);
  }
}

const float* pack_gradient(const Table& k, const Rebuilt& n, const float* dy, std::int64_t rows,
                           const Room& room) {
  float* const packed = room(rows * n.outs());
  float* out = packed;
  const auto blocks = blocks_of(n.b, k.tallest);
  for (std::int64_t i = 0; i < n.a; ++i) {
    for (std::int64_t g = 0; g < blocks; ++g) {
      const auto [first, count] = block_of(n.b, blocks, g);
      const float* from = dy + i * n.b + first;
      for (std::int64_t row = 0; row < rows; ++row, from += n.outs())
        out = std::copy_n(from, count, out);
    }
  }
  return packed;
}

void gradient_strips(const Table& k, const Rebuilt& n, const float* x, const float* packed_dy,
                     std::int64_t rows, float* gradient, std::int64_t begin, std::int64_t end,
                     const Room& room) {
  float* const panel = room(rows * 2 * k.lanes);
  std::vector<std::int64_t> places;
  for (std::int64_t m = 0; m < n.b; ++m) places.push_back(m * n.d);
  for (auto number = begin; number < end; ++number) {
    const auto strip = strip_at(k, n.d, number);
    const auto width = strip.vectors * k.lanes, column = strip.slow * n.d + strip.first;
    for (std::int64_t row = 0; row < rows; ++row)
      std::copy_n(x + row * n.ins() + column, width, panel + row * width);
    for (std::int64_t i = 0; i < n.a; ++i) {
      k.by_matrix(packed_dy + i * n.b * rows, n.b, rows, panel, strip.vectors,
                  gradient + (i * n.c + strip.slow) * n.b * n.d + strip.first, places.data(),
                  false);
    }
  }
}

}  // namespace ranklens::tn::panels
