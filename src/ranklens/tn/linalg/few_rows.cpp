#include "ranklens/tn/linalg/few_rows.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/parallel.h"
#include "ranklens/tn/linalg/few_rows_kernels.h"

namespace ranklens::tn {
namespace {

constexpr std::int64_t kFewRows = 32;
constexpr std::int64_t kFewColumns = 64;

#if defined(RANKLENS_FMA)

using few_rows::across, few_rows::along, few_rows::Strides;
using lanes::Doubles, lanes::Floats;

bool computes(const at::Tensor& a, const at::Tensor& b) {
  const auto type = a.scalar_type();
  const bool tracked = at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
  return lanes::available() && !tracked && a.is_cpu() && b.is_cpu() &&
         (type == at::kFloat || type == at::kDouble) && b.scalar_type() == type;
}

bool takes(const at::Tensor& rows, const at::Tensor& matrix) {
  return computes(rows, matrix) && rows.size(0) <= kFewRows && matrix.is_contiguous();
}

/// Only whole vectors: what is left beside them takes as long as all of them.
bool takes_columns(const at::Tensor& matrix, const at::Tensor& columns) {
  if (!computes(matrix, columns) || columns.size(1) > kFewColumns) return false;
  const auto step = 2 * (matrix.scalar_type() == at::kFloat ? Floats::width : Doubles::width);
  return columns.size(1) % step == 0 && matrix.is_contiguous();
}

constexpr std::int64_t kAtOnce = 64;  // columns of a product, a multiple of all vectors' widths

std::int64_t stretches(std::int64_t columns) { return (columns + kAtOnce - 1) / kAtOnce; }

template <class Lanes, class Number = typename Lanes::Number>
void compute(const at::Tensor& rows, const at::Tensor& matrix, at::Tensor& out) {
  const auto* a = rows.const_data_ptr<Number>();
  const auto* b = matrix.const_data_ptr<Number>();
  auto* c = out.mutable_data_ptr<Number>();
  const auto count = rows.size(0), inner = rows.size(1), columns = matrix.size(-1);
  const auto per_matrix = stretches(columns);
  base::parallel_over(
      matrix.numel() / (inner * columns) * per_matrix, 1,
      [&](std::int64_t begin, std::int64_t end) {
        for (; begin < end; ++begin) {
          const auto number = begin / per_matrix, from = begin % per_matrix * kAtOnce;
          across<Lanes>(a, count, inner, b + number * inner * columns, columns,
                        c + number * count * columns, from, std::min(from + kAtOnce, columns));
        }
      });
}

template <class Lanes, class Number = typename Lanes::Number>
void compute_transposed(const at::Tensor& rows, const at::Tensor& matrix, at::Tensor& out,
                        const Strides& strides) {
  const auto* a = rows.const_data_ptr<Number>();
  const auto* b = matrix.const_data_ptr<Number>();
  auto* c = out.mutable_data_ptr<Number>();
  const auto count = rows.size(0), inner = rows.size(1), columns = matrix.size(0);
  base::parallel_over(stretches(columns), 1, [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin) {
      const auto from = begin * kAtOnce;
      along<Lanes>(a, count, inner, b, c, strides, from, std::min(from + kAtOnce, columns));
    }
  });
}

at::Tensor product(const at::Tensor& given, const at::Tensor& matrix) {
  const auto rows = given.contiguous();
  auto sizes = matrix.sizes().vec();
  sizes[sizes.size() - 2] = rows.size(0);
  auto out = at::empty(sizes, rows.options());
  if (out.numel() == 0 || rows.numel() == 0) return out.zero_();
  rows.scalar_type() == at::kFloat ? compute<Floats>(rows, matrix, out)
                                   : compute<Doubles>(rows, matrix, out);
  return out;
}

/// [R, m], or [m, R].
at::Tensor transposed_product(const at::Tensor& given, const at::Tensor& matrix, bool rows_last) {
  const auto rows = given.contiguous();
  const auto r = rows.size(0), m = matrix.size(0);
  auto out = rows_last ? at::empty({m, r}, rows.options()) : at::empty({r, m}, rows.options());
  if (out.numel() == 0) return out;
  const auto strides = rows_last ? Strides{1, r} : Strides{m, 1};
  rows.scalar_type() == at::kFloat ? compute_transposed<Floats>(rows, matrix, out, strides)
                                   : compute_transposed<Doubles>(rows, matrix, out, strides);
  return out;
}

/// Rows of the matrix that share a stay of the columns in the nearest cache.
constexpr std::int64_t kRowsAtOnce = 48;

template <class Lanes, class Number = typename Lanes::Number>
void compute_columns(const at::Tensor& matrix, const at::Tensor& columns, at::Tensor& out) {
  const auto* a = matrix.const_data_ptr<Number>();
  const auto* b = columns.const_data_ptr<Number>();
  auto* c = out.mutable_data_ptr<Number>();
  const auto rows = matrix.size(0), inner = matrix.size(1), count = columns.size(1);
  const auto stretch_count = (rows + kRowsAtOnce - 1) / kRowsAtOnce;
  base::parallel_over(stretch_count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin) {
      const auto from = begin * kRowsAtOnce;
      across<Lanes>(a + from * inner, std::min(kRowsAtOnce, rows - from), inner, b, count,
                    c + from * count, 0, count);
    }
  });
}

at::Tensor columns_product(const at::Tensor& matrix, const at::Tensor& given) {
  const auto columns = given.contiguous();
  auto out = at::empty({matrix.size(0), columns.size(1)}, matrix.options());
  if (out.numel() == 0 || matrix.numel() == 0) return out.zero_();
  matrix.scalar_type() == at::kFloat ? compute_columns<Floats>(matrix, columns, out)
                                     : compute_columns<Doubles>(matrix, columns, out);
  return out;
}

template <class Lanes, class Number = typename Lanes::Number>
void compute_each(const at::Tensor& rows, const at::Tensor& matrices, bool transposed,
                  at::Tensor& out) {
  const auto* a = rows.const_data_ptr<Number>();
  const auto* b = matrices.const_data_ptr<Number>();
  auto* c = out.mutable_data_ptr<Number>();
  const auto inner = rows.size(1), columns = out.size(1), per_row = stretches(columns);
  base::parallel_over(rows.size(0) * per_row, 1, [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin) {
      const auto row = begin / per_row, from = begin % per_row * kAtOnce;
      const auto to = std::min(from + kAtOnce, columns);
      const auto* own = b + row * inner * columns;
      if (transposed) {
        along<Lanes>(a + row * inner, 1, inner, own, c + row * columns, {columns, 1}, from, to);
      } else {
        across<Lanes>(a + row * inner, 1, inner, own, columns, c + row * columns, from, to);
      }
    }
  });
}

at::Tensor each_product(const at::Tensor& given, const at::Tensor& matrices, bool transposed) {
  const auto rows = given.contiguous();
  auto out = at::empty({rows.size(0), matrices.size(transposed ? 1 : 2)}, rows.options());
  if (out.numel() == 0 || rows.numel() == 0) return out.zero_();
  rows.scalar_type() == at::kFloat ? compute_each<Floats>(rows, matrices, transposed, out)
                                   : compute_each<Doubles>(rows, matrices, transposed, out);
  return out;
}

#else

bool takes(const at::Tensor&, const at::Tensor&) { return false; }
bool takes_columns(const at::Tensor&, const at::Tensor&) { return false; }
at::Tensor columns_product(const at::Tensor&, const at::Tensor&) { return {}; }
at::Tensor product(const at::Tensor&, const at::Tensor&) { return {}; }
at::Tensor transposed_product(const at::Tensor&, const at::Tensor&, bool) { return {}; }
at::Tensor each_product(const at::Tensor&, const at::Tensor&, bool) { return {}; }

#endif

}  // namespace

at::Tensor rows_times(const at::Tensor& rows, const at::Tensor& matrix) {
  if (takes(rows, matrix)) return product(rows, matrix);
  if (matrix.dim() == 2) return at::mm(rows, matrix);
  return at::bmm(rows.unsqueeze(0).expand({matrix.size(0), -1, -1}), matrix);
}

at::Tensor rows_times_transposed(const at::Tensor& rows, const at::Tensor& matrix) {
  return takes(rows, matrix) ? transposed_product(rows, matrix, false) : at::mm(rows, matrix.t());
}

at::Tensor times_rows_transposed(const at::Tensor& matrix, const at::Tensor& rows) {
  return takes(rows, matrix) ? transposed_product(rows, matrix, true) : at::mm(matrix, rows.t());
}

at::Tensor times_columns(const at::Tensor& matrix, const at::Tensor& columns) {
  return takes_columns(matrix, columns) ? columns_product(matrix, columns)
                                        : at::mm(matrix, columns);
}

at::Tensor each_row_times(const at::Tensor& rows, const at::Tensor& matrices) {
  if (takes(rows, matrices)) return each_product(rows, matrices, false);
  return at::bmm(rows.unsqueeze(1), matrices).squeeze(1);
}

at::Tensor each_row_times_transposed(const at::Tensor& rows, const at::Tensor& matrices) {
  if (takes(rows, matrices)) return each_product(rows, matrices, true);
  return at::bmm(matrices, rows.unsqueeze(2)).squeeze(2);
}

}  // namespace ranklens::tn
