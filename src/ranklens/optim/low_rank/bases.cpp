#include "ranklens/optim/low_rank/bases.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {

LowRank widened(const LowRank& matrix, const at::Tensor& left, const at::Tensor& right) {
  const auto p = matrix.s.size(0), q = matrix.s.size(1);
  auto core = matrix.s.new_zeros({p + left.size(1), q + right.size(1)});
  core.narrow(0, 0, p).narrow(1, 0, q).copy_(matrix.s);
  return {at::cat({matrix.u, left}, 1), core, at::cat({matrix.v, right}, 1)};
}

at::Tensor widened_core_gradient(const Gradient& gradient, const at::Tensor& left,
                                 const at::Tensor& right) {
  base::require(static_cast<bool>(gradient.between),
                "this step needs the gradient between other bases, which is not at hand");
  const auto upper = at::cat({gradient.s, at::matmul(gradient.l.t(), right)}, 1);
  const auto corner = left.size(1) > 0 && right.size(1) > 0
                          ? gradient.between(left, right)
                          : gradient.s.new_zeros({left.size(1), right.size(1)});
  const auto lower = at::cat({at::matmul(left.t(), gradient.k), corner}, 1);
  return at::cat({upper, lower}, 0);
}

}  // namespace ranklens::optim
