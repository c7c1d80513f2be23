#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "ranklens/tn/linalg/lanes.h"

/// The loops of few_rows.cpp.
#if defined(RANKLENS_FMA)

namespace ranklens::tn::few_rows {

inline constexpr std::int64_t kTallest = 6;  // rows at once: 12 sums of vectors, and 3 operands

/// Rows first, first + 1, ... of the left operand, as evenly as can be.
struct Group {
  std::int64_t first = 0, count = 0;
};

inline std::vector<Group> groups_of(std::int64_t rows) {
  const auto number = (rows + kTallest - 1) / kTallest;
  std::vector<Group> groups;
  for (std::int64_t k = 0; k < number; ++k) {
    const auto first = rows * k / number;
    groups.push_back({first, rows * (k + 1) / number - first});
  }
  return groups;
}

/// Calls Work<G>::run for a group of G rows.
template <template <class, std::int64_t> class Work, class Lanes, class... Arguments>
void for_group(std::int64_t count, Arguments... arguments) {
  switch (count) {
    case 1:
      return Work<Lanes, 1>::run(arguments...);
    case 2:
      return Work<Lanes, 2>::run(arguments...);
    case 3:
      return Work<Lanes, 3>::run(arguments...);
    case 4:
      return Work<Lanes, 4>::run(arguments...);
    case 5:
      return Work<Lanes, 5>::run(arguments...);
    default:
      return Work<Lanes, 6>::run(arguments...);
  }
}

/// out [G, two vectors] = rows [G, k] matrix [k, two vectors].
template <class Lanes, std::int64_t G>
struct Across {
  using Number = typename Lanes::Number;

  RANKLENS_FMA static void run(const Number* rows, std::int64_t inner, const Number* matrix,
                               std::int64_t columns, Number* out) {
    typename Lanes::Vector sums[G][2];
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) sums[g][0] = sums[g][1] = Lanes::zero();
    for (std::int64_t k = 0; k < inner; ++k, matrix += columns) {
      // The next call reads on from here, in lines that no prefetcher of the processor foresees.
      __builtin_prefetch(matrix + 2 * Lanes::width);
      const auto a = Lanes::load(matrix), b = Lanes::load(matrix + Lanes::width);
#pragma GCC unroll 6
      for (std::int64_t g = 0; g < G; ++g) {
        const auto factor = Lanes::all(rows + g * inner + k);
        sums[g][0] = Lanes::add(factor, a, sums[g][0]);
        sums[g][1] = Lanes::add(factor, b, sums[g][1]);
      }
    }
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) {
      Lanes::store(out + g * columns, sums[g][0]);
      Lanes::store(out + g * columns + Lanes::width, sums[g][1]);
    }
  }
};

/// Vectors of partial sums [2, G] += products of rows [G, count] with two rows of the matrix.
template <class Lanes, std::int64_t G>
struct Along {
  using Number = typename Lanes::Number;

  RANKLENS_FMA static void run(const Number* rows, std::int64_t columns, const Number* first,
                               const Number* second, std::int64_t count, Number* partial,
                               std::int64_t to_second) {
    typename Lanes::Vector sums[G][2];
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) {
      sums[g][0] = Lanes::load(partial + g * Lanes::width);
      sums[g][1] = Lanes::load(partial + to_second + g * Lanes::width);
    }
    for (std::int64_t n = 0; n < count; n += Lanes::width) {
      const auto a = Lanes::load(first + n), b = Lanes::load(second + n);
#pragma GCC unroll 6
      for (std::int64_t g = 0; g < G; ++g) {
        const auto factor = Lanes::load(rows + g * columns + n);
        sums[g][0] = Lanes::add(factor, a, sums[g][0]);
        sums[g][1] = Lanes::add(factor, b, sums[g][1]);
      }
    }
#pragma GCC unroll 6
    for (std::int64_t g = 0; g < G; ++g) {
      Lanes::store(partial + g * Lanes::width, sums[g][0]);
      Lanes::store(partial + to_second + g * Lanes::width, sums[g][1]);
    }
  }
};

/// Columns begin..end-1 of out [R, n] = rows [R, k] matrix [k, n].
template <class Lanes, class Number = typename Lanes::Number>
void across(const Number* rows, std::int64_t count, std::int64_t inner, const Number* matrix,
            std::int64_t columns, Number* out, std::int64_t begin, std::int64_t end) {
  const auto groups = groups_of(count);
  constexpr auto step = 2 * Lanes::width;
  for (; begin + step <= end; begin += step) {
    for (const auto& group : groups) {
      for_group<Across, Lanes>(group.count, rows + group.first * inner, inner, matrix + begin,
                               columns, out + group.first * columns + begin);
    }
  }
  for (; begin < end; ++begin) {
    for (std::int64_t r = 0; r < count; ++r) {
      Number sum = 0;
      for (std::int64_t k = 0; k < inner; ++k) {
        sum += rows[r * inner + k] * matrix[k * columns + begin];
      }
      out[r * columns + begin] = sum;
    }
  }
}

/// How far apart a product's entries lie: one row and one column further.
struct Strides {
  std::int64_t row, column;
};

/// Columns begin..end-1, a few, of out [R, m] = rows [R, n] matrix [m, n]^T.
template <class Lanes, class Number = typename Lanes::Number>
void along(const Number* rows, std::int64_t count, std::int64_t columns, const Number* matrix,
           Number* out, const Strides& strides, std::int64_t begin, std::int64_t end) {
  constexpr auto width = Lanes::width;
  constexpr std::int64_t stretch = 256;  // numbers of each row that the nearest cache holds
  const auto groups = groups_of(count);
  const auto each = count * width, whole = columns / width * width;
  std::vector<Number> partial(static_cast<std::size_t>((end - begin + 1) * each), Number(0));
  for (std::int64_t n = 0; n < whole; n += stretch) {
    const auto length = std::min(stretch, whole - n);
    for (auto m = begin; m < end; m += 2) {
      // An odd row is paired with itself; what the pair adds up goes to room that nobody reads.
      const auto* first = matrix + m * columns + n;
      const auto* second = m + 1 < end ? first + columns : first;
      for (const auto& group : groups) {
        for_group<Along, Lanes>(group.count, rows + group.first * columns + n, columns, first,
                                second, length,
                                partial.data() + (m - begin) * each + group.first * width, each);
      }
    }
  }
  for (auto m = begin; m < end; ++m) {
    for (std::int64_t r = 0; r < count; ++r) {
      const auto* sums = partial.data() + (m - begin) * each + r * width;
      Number sum = 0;
      for (std::int64_t lane = 0; lane < width; ++lane) sum += sums[lane];
      for (auto n = whole; n < columns; ++n) sum += rows[r * columns + n] * matrix[m * columns + n];
      out[r * strides.row + m * strides.column] = sum;
    }
  }
}

}  // namespace ranklens::tn::few_rows

#endif
