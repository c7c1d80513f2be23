#include "ranklens/tn/formats/mode_product.h"

#include <vector>

#include <ATen/TensorOperators.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/few_rows.h"

namespace ranklens::tn {
namespace {

/// A tensor as [before, n, after] around a mode.
struct Around {
  std::int64_t before, n, after;
};

Around around(at::IntArrayRef sizes, std::int64_t mode) {
  base::require(mode >= 0 && mode < static_cast<std::int64_t>(sizes.size()),
                "mode {} of a tensor of {} modes does not exist", mode, sizes.size());
  return {c10::multiply_integers(sizes.slice(0, mode)), sizes[mode],
          c10::multiply_integers(sizes.slice(mode + 1))};
}

}  // namespace

at::Tensor unfolding(const at::Tensor& tensor, std::int64_t mode) {
  const auto [before, n, after] = around(tensor.sizes(), mode);
  if (before == 1) return tensor.reshape({n, after});
  if (after == 1) return tensor.reshape({before, n}).t();
  return tensor.reshape({before, n, after}).transpose(0, 1).reshape({n, before * after});
}

at::Tensor folded(const at::Tensor& matrix, at::IntArrayRef sizes, std::int64_t mode) {
  const auto [before, n, after] = around(sizes, mode);
  auto whole = sizes.vec();
  whole[mode] = matrix.size(0);
  const auto rows = matrix.reshape({matrix.size(0), before, after});
  return rows.transpose(0, 1).reshape(whole).contiguous();
}

at::Tensor mode_product(const at::Tensor& tensor, std::int64_t mode, const at::Tensor& matrix) {
  const auto [before, n, after] = around(tensor.sizes(), mode);
  base::require(matrix.dim() == 2 && matrix.size(1) == n,
                "a matrix of {} columns does not fit mode {} of size {}",
                matrix.dim() == 2 ? matrix.size(1) : 0, mode, n);
  auto whole = tensor.sizes().vec();
  whole[mode] = matrix.size(0);
  if (before == 1) return rows_times(matrix, tensor.reshape({n, after})).view(whole);
  if (after == 1) return times_rows_transposed(tensor.reshape({before, n}), matrix).view(whole);
  return rows_times(matrix, tensor.reshape({before, n, after})).view(whole);
}

}  // namespace ranklens::tn
