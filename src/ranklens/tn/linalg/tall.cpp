#include "ranklens/tn/linalg/tall.h"

#include <algorithm>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/parallel.h"
#include "ranklens/tn/linalg/tall_kernels.h"

namespace ranklens::tn {
namespace {

#if defined(RANKLENS_FMA)

using lanes::Doubles, lanes::Floats;

constexpr std::int64_t kMostColumns = 64;
// Rows of both operands that the nearest cache holds, and rows that are added up on their own, so
// that sums do not depend on the number of threads.
constexpr std::int64_t kBlockRows = 64, kPartRows = 1024;
// Below so many rows libraries are as fast.
constexpr std::int64_t kFewestRows = 512;

bool multiplies(const at::Tensor& a, const at::Tensor& b) {
  const auto type = a.scalar_type();
  const bool tracked = at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
  return lanes::available() && !tracked && a.is_cpu() && b.is_cpu() &&
         (type == at::kFloat || type == at::kDouble) && b.scalar_type() == type &&
         a.is_contiguous() && a.size(0) >= kFewestRows && a.size(1) <= kMostColumns &&
         b.size(1) <= kMostColumns && a.size(1) > 0 && b.size(1) > 0;
}

bool takes_gram(const at::Tensor& a, const at::Tensor& b) {
  return multiplies(a, b) && b.is_contiguous();
}

// sums [p, padded q] += a^T b, of `count` rows. Vectors reach beyond the end of a row of b into the
// next, which adds to columns that nobody reads; of rows from `readable` on they would reach beyond
// the end of b, so these are copied with zeros behind.
template <class Lanes, class Number = typename Lanes::Number>
void add_gram(const Number* a, std::int64_t p, const Number* b, std::int64_t q, std::int64_t count,
              std::int64_t readable, Number* sums) {
  const auto wide = tall::padded(q, Lanes::width);
  std::vector<Number> room;
  for (std::int64_t n = 0; n < count; n += kBlockRows) {
    const auto rows = std::min(kBlockRows, count - n);
    const auto* block = b + n * q;
    auto step = q;
    if (n + rows > readable) {
      room.resize(static_cast<std::size_t>(kBlockRows * wide));
      tall::pad_rows(block, rows, q, room.data(), wide);
      block = room.data(), step = wide;
    }
    tall::over_tiles(p, wide / Lanes::width, [&](auto first, auto high, auto vector, auto vectors) {
      const auto column = vector * Lanes::width;
      tall::for_tile<tall::Gram, Lanes>(high, vectors, a + n * p + first, p, block + column, step,
                                        rows, sums + first * wide + column, wide);
    });
  }
}

template <class Lanes, class Number = typename Lanes::Number>
at::Tensor gram(const at::Tensor& a, const at::Tensor& b) {
  const auto n = a.size(0), p = a.size(1), q = b.size(1), wide = tall::padded(q, Lanes::width);
  const auto parts = (n + kPartRows - 1) / kPartRows;
  auto sums = at::zeros({parts, p, wide}, a.options());
  const auto *left = a.const_data_ptr<Number>(), *right = b.const_data_ptr<Number>();
  auto* out = sums.template mutable_data_ptr<Number>();
  const auto readable = n - (wide - q + q - 1) / q;
  base::parallel_over(parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin) {
      const auto from = begin * kPartRows;
      add_gram<Lanes>(left + from * p, p, right + from * q, q, std::min(kPartRows, n - from),
                      readable - from, out + begin * p * wide);
    }
  });
  return (parts == 1 ? sums[0] : sums.sum(0)).narrow(1, 0, q);
}

// Rows of a [count, p] times the matrix [p, wide], of which q columns are wanted.
template <class Lanes, class Number = typename Lanes::Number>
void multiply_rows(const Number* a, std::int64_t count, std::int64_t p, const Number* matrix,
                   const Number* start, std::int64_t q, Number* out) {
  const auto wide = tall::padded(q, Lanes::width);
  Number tile[tall::kHighest * 2 * Lanes::width];
  for (std::int64_t n = 0; n < count; n += kBlockRows) {
    const auto rows = std::min(kBlockRows, count - n);
    const auto* block = a + n * p;
    auto* to = out + n * q;
    tall::over_tiles(rows, wide / Lanes::width,
                     [&](auto first, auto high, auto vector, auto vectors) {
                       const auto column = vector * Lanes::width, width = vectors * Lanes::width;
                       const bool whole = column + width <= q;
                       auto* here = to + first * q + column;
                       tall::for_tile<tall::Times, Lanes>(high, vectors, block + first * p, p,
                                                          matrix + column, wide, start + column,
                                                          whole ? here : tile, whole ? q : width);
                       if (whole) return;
                       for (std::int64_t g = 0; g < high; ++g) {
                         std::copy(tile + g * width, tile + g * width + q - column, here + g * q);
                       }
                     });
  }
}

template <class Lanes, class Number = typename Lanes::Number>
at::Tensor times(const at::Tensor& a, const at::Tensor& given, const at::Tensor& row) {
  const auto n = a.size(0), p = a.size(1), q = given.size(1), wide = tall::padded(q, Lanes::width);
  const auto matrix = given.contiguous();
  std::vector<Number> factors(static_cast<std::size_t>(p * wide)),
      start(static_cast<std::size_t>(wide));
  tall::pad_rows(matrix.const_data_ptr<Number>(), p, q, factors.data(), wide);
  if (row.defined()) {
    const auto flat = row.contiguous();
    tall::pad_rows(flat.const_data_ptr<Number>(), 1, q, start.data(), wide);
  }
  auto out = at::empty({n, q}, a.options());
  const auto* rows = a.const_data_ptr<Number>();
  auto* to = out.mutable_data_ptr<Number>();
  base::parallel_over((n + kBlockRows - 1) / kBlockRows, 8,
                      [&](std::int64_t begin, std::int64_t end) {
                        const auto from = begin * kBlockRows;
                        multiply_rows<Lanes>(rows + from * p, std::min(n, end * kBlockRows) - from,
                                             p, factors.data(), start.data(), q, to + from * q);
                      });
  return out;
}

// Vectors go along the columns of b: the better one of the two leaves fewer lanes empty.
template <class Lanes>
at::Tensor either_gram(const at::Tensor& a, const at::Tensor& b) {
  const auto p = a.size(1), q = b.size(1);
  const bool swap = tall::padded(p, Lanes::width) * q < tall::padded(q, Lanes::width) * p;
  return swap ? gram<Lanes>(b, a).t() : gram<Lanes>(a, b);
}

at::Tensor computed_gram(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == at::kFloat ? either_gram<Floats>(a, b) : either_gram<Doubles>(a, b);
}

at::Tensor computed_times(const at::Tensor& a, const at::Tensor& matrix, const at::Tensor& row) {
  return a.scalar_type() == at::kFloat ? times<Floats>(a, matrix, row)
                                       : times<Doubles>(a, matrix, row);
}

#else

bool multiplies(const at::Tensor&, const at::Tensor&) { return false; }
bool takes_gram(const at::Tensor&, const at::Tensor&) { return false; }
at::Tensor computed_gram(const at::Tensor&, const at::Tensor&) { return {}; }
at::Tensor computed_times(const at::Tensor&, const at::Tensor&, const at::Tensor&) { return {}; }

#endif

}  // namespace

at::Tensor tall_gram(const at::Tensor& a, const at::Tensor& b) {
  return takes_gram(a, b) ? computed_gram(a, b) : at::mm(a.t(), b);
}

at::Tensor tall_times(const at::Tensor& a, const at::Tensor& matrix, const at::Tensor& row) {
  if (multiplies(a, matrix)) return computed_times(a, matrix, row);
  return row.defined() ? at::addmm(row, a, matrix) : at::mm(a, matrix);
}

void add_tall_times(at::Tensor& sum, const at::Tensor& a, const at::Tensor& matrix) {
  if (multiplies(a, matrix)) {
    sum.add_(computed_times(a, matrix, {}));
  } else {
    sum.addmm_(a, matrix);
  }
}

}  // namespace ranklens::tn
