#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ranklens/tn/linalg/lanes.h"

/// The loops of tall.cpp.
#if defined(RANKLENS_FMA)

namespace ranklens::tn::tall {

inline constexpr std::int64_t kHighest = 6;  // by two vectors: 12 sums, and 3 operands

inline std::int64_t padded(std::int64_t columns, std::int64_t width) {
  return (columns + width - 1) / width * width;
}

/// sums [G rows apart by `to_next`, V vectors] += products of `count` rows of a (G numbers of each,
/// rows `step` apart) and of b (V vectors of each, rows `b_step` apart).
template <class Lanes, int G, int V>
struct Gram {
  using Number = typename Lanes::Number;

  RANKLENS_FMA static void run(const Number* a, std::int64_t step, const Number* b,
                               std::int64_t b_step, std::int64_t count, Number* out,
                               std::int64_t to_next) {
    typename Lanes::Vector sums[G][V];
#pragma GCC unroll 6
    for (int g = 0; g < G; ++g) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[g][v] = Lanes::load(out + g * to_next + v * Lanes::width);
    }
    for (std::int64_t n = 0; n < count; ++n, a += step, b += b_step) {
      typename Lanes::Vector right[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) right[v] = Lanes::load(b + v * Lanes::width);
#pragma GCC unroll 6
      for (int g = 0; g < G; ++g) {
        const auto factor = Lanes::all(a + g);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sums[g][v] = Lanes::add(factor, right[v], sums[g][v]);
      }
    }
#pragma GCC unroll 6
    for (int g = 0; g < G; ++g) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) Lanes::store(out + g * to_next + v * Lanes::width, sums[g][v]);
    }
  }
};

/// out [G rows apart by `out_step`, V vectors] = start [V vectors] + rows of a [G, inner] times a
/// matrix [inner, V vectors of rows `columns` apart].
template <class Lanes, int G, int V>
struct Times {
  using Number = typename Lanes::Number;

  RANKLENS_FMA static void run(const Number* a, std::int64_t inner, const Number* matrix,
                               std::int64_t columns, const Number* start, Number* out,
                               std::int64_t out_step) {
    typename Lanes::Vector sums[G][V];
#pragma GCC unroll 6
    for (int g = 0; g < G; ++g) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[g][v] = Lanes::load(start + v * Lanes::width);
    }
    for (std::int64_t k = 0; k < inner; ++k, matrix += columns) {
      typename Lanes::Vector right[V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) right[v] = Lanes::load(matrix + v * Lanes::width);
#pragma GCC unroll 6
      for (int g = 0; g < G; ++g) {
        const auto factor = Lanes::all(a + g * inner + k);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) sums[g][v] = Lanes::add(factor, right[v], sums[g][v]);
      }
    }
#pragma GCC unroll 6
    for (int g = 0; g < G; ++g) {
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) Lanes::store(out + g * out_step + v * Lanes::width, sums[g][v]);
    }
  }
};

/// Calls Work for `high` (1 to 6) rows and `vectors` (1 or 2).
template <template <class, int, int> class Work, class Lanes, int V, class... Arguments>
void for_rows(std::int64_t high, Arguments... arguments) {
  switch (high) {
    case 1:
      return Work<Lanes, 1, V>::run(arguments...);
    case 2:
      return Work<Lanes, 2, V>::run(arguments...);
    case 3:
      return Work<Lanes, 3, V>::run(arguments...);
    case 4:
      return Work<Lanes, 4, V>::run(arguments...);
    case 5:
      return Work<Lanes, 5, V>::run(arguments...);
    default:
      return Work<Lanes, 6, V>::run(arguments...);
  }
}
template <template <class, int, int> class Work, class Lanes, class... Arguments>
void for_tile(std::int64_t high, std::int64_t vectors, Arguments... arguments) {
  if (vectors == 1) return for_rows<Work, Lanes, 1>(high, arguments...);
  return for_rows<Work, Lanes, 2>(high, arguments...);
}

/// Rows of numbers [count, columns] to rows `to` apart, zeros behind.
template <class Number>
void pad_rows(const Number* from, std::int64_t count, std::int64_t columns, Number* out,
              std::int64_t to) {
  for (std::int64_t n = 0; n < count; ++n, from += columns, out += to) {
    std::copy(from, from + columns, out);
    std::fill(out + columns, out + to, Number(0));
  }
}

/// Tiles of [rows, vectors] as even as can be: calls work(row, rows, vector, vectors).
template <class Work>
void over_tiles(std::int64_t rows, std::int64_t vectors, Work&& work) {
  const auto bands = (rows + kHighest - 1) / kHighest;
  for (std::int64_t v = 0; v < vectors; v += 2) {
    for (std::int64_t k = 0; k < bands; ++k) {
      const auto first = rows * k / bands;
      work(first, rows * (k + 1) / bands - first, v, std::min<std::int64_t>(2, vectors - v));
    }
  }
}

}  // namespace ranklens::tn::tall

#endif
