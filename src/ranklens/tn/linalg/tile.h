#pragma once

#include <algorithm>
#include <cstdint>

#include "ranklens/tn/linalg/lanes.h"

// The innermost parts of products of matrices: tiles whose sums stay in registers, and the packing
// of what they read.
#if defined(RANKLENS_FMA)

namespace ranklens::tn {

/// Rows of a tile: 12 sums of vectors, two vectors of the right factor, one number of the left.
constexpr std::int64_t kTileRows = 6;

/// Where rows of the left factor begin, and how far apart their numbers are.
template <class Number>
struct TileRows {
  const Number* first[kTileRows];
  std::int64_t step = 1;
};

/// Columns side by side of the right factor, `step` from one inner index to the next.
template <class Number>
struct TilePanel {
  const Number* first;
  std::int64_t step;
};

/// Where a tile goes: rows `step` apart, so many columns of it.
template <class Number>
struct TileOut {
  Number* first;
  std::int64_t step, columns;
  bool add;  ///< to what is there
};

/// out [G, V vectors] = rows [G, inner] panel [inner, V vectors].
template <class Lanes, std::int64_t G, std::int64_t V>
struct Tile {
  using Number = typename Lanes::Number;
  static constexpr auto width = Lanes::width;

  RANKLENS_FMA static void run(const TileRows<Number>& rows, std::int64_t inner,
                               const TilePanel<Number>& panel, const TileOut<Number>& out) {
    typename Lanes::Vector sums[G][V];
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) {
#pragma GCC unroll 2
      for (std::int64_t v = 0; v < V; ++v) sums[g][v] = Lanes::zero();
    }
    const auto step = rows.step, panel_step = panel.step;
    const auto* from = panel.first;
    const Number* first[G];
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) first[g] = rows.first[g];
    std::int64_t at = 0;
    for (std::int64_t k = 0; k < inner; ++k, at += step, from += panel_step) {
      // Where panels are read as they lie, the next one begins here: lines that no prefetcher of
      // the processor foresees.
      __builtin_prefetch(from + V * width);
      typename Lanes::Vector right[V];
#pragma GCC unroll 2
      for (std::int64_t v = 0; v < V; ++v) right[v] = Lanes::load(from + v * width);
#pragma GCC unroll 6
      for (std::int64_t g = 0; g < G; ++g) {
        const auto factor = Lanes::all(first[g] + at);
#pragma GCC unroll 2
        for (std::int64_t v = 0; v < V; ++v) sums[g][v] = Lanes::add(factor, right[v], sums[g][v]);
      }
    }
    if (out.columns < V * width) return finish_some(sums, out);
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) {
#pragma GCC unroll 2
      for (std::int64_t v = 0; v < V; ++v) {
        auto* to = out.first + g * out.step + v * width;
        Lanes::store(to, out.add ? Lanes::sum(sums[g][v], Lanes::load(to)) : sums[g][v]);
      }
    }
  }

 private:
  /// Fewer columns than the tile has.
  RANKLENS_FMA_INLINE static void finish_some(const typename Lanes::Vector (&sums)[G][V],
                                              const TileOut<Number>& out) {
    Number row[V * width];
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) {
#pragma GCC unroll 2
      for (std::int64_t v = 0; v < V; ++v) Lanes::store(row + v * width, sums[g][v]);
      auto* to = out.first + g * out.step;
      for (std::int64_t n = 0; n < out.columns; ++n) to[n] = out.add ? to[n] + row[n] : row[n];
    }
  }
};

template <class Lanes, std::int64_t V, class... Arguments>
void multiply_rows(std::int64_t count, const Arguments&... arguments) {
  switch (count) {
    case 1:
      return Tile<Lanes, 1, V>::run(arguments...);
    case 2:
      return Tile<Lanes, 2, V>::run(arguments...);
    case 3:
      return Tile<Lanes, 3, V>::run(arguments...);
    case 4:
      return Tile<Lanes, 4, V>::run(arguments...);
    case 5:
      return Tile<Lanes, 5, V>::run(arguments...);
    default:
      return Tile<Lanes, 6, V>::run(arguments...);
  }
}

/// The tile of `count` rows, narrow where there are few columns.
template <class Lanes, class Number = typename Lanes::Number>
void multiply_tile(std::int64_t count, const TileRows<Number>& rows, std::int64_t inner,
                   const TilePanel<Number>& panel, const TileOut<Number>& out) {
  if (out.columns <= Lanes::width) {
    multiply_rows<Lanes, 1>(count, rows, inner, panel, out);
  } else {
    multiply_rows<Lanes, 2>(count, rows, inner, panel, out);
  }
}

/// The packing of C rows or columns side by side: to[k W + c] = from[outer[c] + inner[k]].
template <class Lanes, std::int64_t C>
struct Pack {
  using Number = typename Lanes::Number;

  RANKLENS_FMA static void run(const Number* from, const std::int64_t* outer,
                               const std::int64_t* inner, std::int64_t depth, std::int64_t width,
                               Number* to) {
    const Number* line[C];
    bool neighbours = true;
    for (std::int64_t c = 0; c < C; ++c) {
      line[c] = from + outer[c];
      neighbours = neighbours && outer[c] == outer[0] + c;
    }
    if (neighbours) {
      for (std::int64_t k = 0; k < depth; ++k, to += width) copy(line[0] + inner[k], to);
      return;
    }
    for (std::int64_t k = 0; k < depth;) {
      const auto* at = inner + k;
      if (C >= 4 && k + 4 <= depth && at[1] == at[0] + 1 && at[2] == at[0] + 2 &&
          at[3] == at[0] + 3) {
        for (std::int64_t c = 0; c + 4 <= C; c += 4) {
          Lanes::transpose(line + c, at[0], to + c, width);
        }
        for (std::int64_t i = 0; i < 4; ++i) gather<C / 4 * 4>(line, at[i], to + i * width);
        k += 4;
        to += 4 * width;
      } else {
        gather<0>(line, at[0], to);
        ++k;
        to += width;
      }
    }
  }

 private:
  RANKLENS_FMA_INLINE static void copy(const Number* from, Number* to) {
#pragma GCC unroll 16
    for (std::int64_t c = 0; c < C; ++c) to[c] = from[c];
  }
  template <std::int64_t First>
  RANKLENS_FMA_INLINE static void gather(const Number* const (&line)[C], std::int64_t at,
                                         Number* to) {
#pragma GCC unroll 16
    for (std::int64_t c = First; c < C; ++c) to[c] = line[c][at];
  }
};

/// Packs `count` of them, at most 16, each inner index `width` from the last.
template <class Lanes, std::int64_t C = 16, class Number = typename Lanes::Number>
void pack(std::int64_t count, const Number* from, const std::int64_t* outer,
          const std::int64_t* inner, std::int64_t depth, std::int64_t width, Number* to) {
  if constexpr (C > 0) {
    if (count == C) return Pack<Lanes, C>::run(from, outer, inner, depth, width, to);
    pack<Lanes, C - 1>(count, from, outer, inner, depth, width, to);
  }
}

/// Packs panels of W columns, `to_next` apart. The columns of each lie side by side; lines are read
/// through, as they lie, before the next inner index.
template <class Lanes, std::int64_t W, class Number = typename Lanes::Number>
RANKLENS_FMA void pack_lines(const Number* from, const std::int64_t* columns, std::int64_t count,
                             const std::int64_t* inner, std::int64_t depth, std::int64_t to_next,
                             Number* to) {
  for (std::int64_t k = 0; k < depth; ++k, to += W) {
    auto* there = to;
    for (std::int64_t n = 0; n < count; n += W, there += to_next) {
      const auto* line = from + columns[n] + inner[k];
#pragma GCC unroll 16
      for (std::int64_t w = 0; w < W; ++w) there[w] = line[w];
    }
  }
}

/// Whether each panel of W columns lies side by side.
template <std::int64_t W>
bool in_lines(const std::int64_t* columns, std::int64_t count) {
  for (std::int64_t n = 0; n < count; ++n) {
    if (n % W != 0 && columns[n] != columns[n - 1] + 1) return false;
  }
  return true;
}

}  // namespace ranklens::tn

#endif
