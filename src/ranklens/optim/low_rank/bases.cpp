#include "ranklens/optim/low_rank/bases.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/orthonormalise.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {

at::Tensor padded(const at::Tensor& core, std::int64_t rows, std::int64_t columns) {
  auto sizes = core.sizes().vec();
  sizes[0] = rows, sizes[1] = columns;
  auto wide = core.new_zeros(sizes);
  wide.narrow(0, 0, core.size(0)).narrow(1, 0, core.size(1)).copy_(core);
  return wide;
}

LowRank widened(const LowRank& matrix, const at::Tensor& left, const at::Tensor& right) {
  const auto core =
      padded(matrix.s, matrix.s.size(0) + left.size(1), matrix.s.size(1) + right.size(1));
  return {at::cat({matrix.u, left}, 1), core, at::cat({matrix.v, right}, 1)};
}

TuckerKernel widened(const TuckerKernel& kernel, const at::Tensor& left, const at::Tensor& right) {
  const auto core =
      padded(kernel.core, kernel.core.size(0) + left.size(1), kernel.core.size(1) + right.size(1));
  return {at::cat({kernel.u, left}, 1), core, at::cat({kernel.v, right}, 1)};
}

at::Tensor new_left(const LowRank& point, const Gradient& gradient) {
  return gradient.k_span.defined() ? complement(point.u, gradient.k_span)
                                   : complement(point.u, gradient.k, gradient.s);
}

at::Tensor new_right(const LowRank& point, const Gradient& gradient) {
  return gradient.l_span.defined() ? complement(point.v, gradient.l_span)
                                   : complement(point.v, gradient.l, gradient.s.t());
}

at::Tensor widened_core_gradient(const Gradient& gradient, const at::Tensor& left,
                                 const at::Tensor& right) {
  base::require(static_cast<bool>(gradient.between),
                "this step needs the gradient between other bases, which is not at hand");
  const auto upper = at::cat({gradient.s, tn::tall_gram(gradient.l, right)}, 1);
  const auto corner = left.size(1) > 0 && right.size(1) > 0
                          ? gradient.between(left, right)
                          : gradient.s.new_zeros({left.size(1), right.size(1)});
  const auto lower = at::cat({tn::tall_gram(left, gradient.k), corner}, 1);
  return at::cat({upper, lower}, 0);
}

}  // namespace ranklens::optim
