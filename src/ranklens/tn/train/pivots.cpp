#include "ranklens/tn/train/pivots.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ger.h>

namespace ranklens::tn {

Pivots find_pivots(const at::Tensor& matrix, double tolerance, std::int64_t max_rank) {
  auto rest = matrix.clone();
  Pivots found;
  const auto most = std::min({max_rank, rest.size(0), rest.size(1)});
  while (true) {
    const auto sizes = rest.abs().flatten();
    const auto at = sizes.argmax().item<std::int64_t>();
    found.rest = sizes[at].item<double>();
    const auto count = static_cast<std::int64_t>(found.rows.size());
    if (count == 0) found.largest = found.rest;
    if (found.rest <= 0 || (count > 0 && found.rest <= tolerance) || count >= most) return found;
    const auto row = at / rest.size(1), column = at % rest.size(1);
    found.rows.push_back(row);
    found.columns.push_back(column);
    const auto left = rest.select(1, column) / rest[row][column];
    rest = rest - at::ger(left, rest.select(0, row));
    // Exactly zero, whatever rounding says: no pivot is found twice.
    rest.select(0, row).zero_();
    rest.select(1, column).zero_();
  }
}

}  // namespace ranklens::tn
