#include "ranklens/tn/linalg/tall_triangles.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include "ranklens/tn/linalg/tall.h"

namespace ranklens::tn {
namespace {

// Products with fewer columns are slower by more than what they leave out.
constexpr std::int64_t kFewestColumns = 64;
constexpr std::int64_t kMostBlocks = 8;
// Blocks of other widths fill the last of a library's vectors in part, in each of them: at 400
// columns six blocks of 67 take a quarter longer than five of 80.
constexpr std::int64_t kWhole = 16;

/// Columns of a block; all of them where halving does not pay, or where gradients are tracked.
std::int64_t columns_a_block(const at::Tensor& a, const at::Tensor& other) {
  const auto columns = a.size(1);
  const bool tracked = at::GradMode::is_enabled() && (a.requires_grad() || other.requires_grad());
  const auto blocks =
      tracked ? 1 : std::clamp(columns / kFewestColumns, std::int64_t{1}, kMostBlocks);
  const auto width = std::max(std::int64_t{1}, (columns + blocks - 1) / blocks);
  return blocks == 1 ? width : (width + kWhole - 1) / kWhole * kWhole;
}

}  // namespace

at::Tensor tall_own_gram(const at::Tensor& a) {
  const auto columns = a.size(1), width = columns_a_block(a, a);
  if (width >= columns) return tall_gram(a, a);
  auto gram = at::empty({columns, columns}, a.options());
  for (std::int64_t first = 0; first < columns; first += width) {
    const auto count = std::min(width, columns - first), end = first + count;
    auto above = gram.narrow(0, 0, end).narrow(1, first, count);
    at::mm_out(above, a.narrow(1, 0, end).t(), a.narrow(1, first, count));
    if (first > 0)
      gram.narrow(0, first, count).narrow(1, 0, first).copy_(above.narrow(0, 0, first).t());
  }
  return gram;
}

at::Tensor tall_times_upper(const at::Tensor& a, const at::Tensor& upper) {
  const auto columns = a.size(1), width = columns_a_block(a, upper);
  if (width >= columns) return tall_times(a, upper);
  auto product = at::empty({a.size(0), columns}, a.options());
  for (std::int64_t first = 0; first < columns; first += width) {
    const auto count = std::min(width, columns - first), end = first + count;
    auto part = product.narrow(1, first, count);
    at::mm_out(part, a.narrow(1, 0, end), upper.narrow(0, 0, end).narrow(1, first, count));
  }
  return product;
}

}  // namespace ranklens::tn
