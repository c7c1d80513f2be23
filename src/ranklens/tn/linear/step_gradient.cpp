#include "ranklens/tn/linear/step_gradient.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>

namespace ranklens::tn {
namespace {

void add_product(at::Tensor& gradient, const at::Tensor& left, const at::Tensor& right) {
  if (gradient.scalar_type() == left.scalar_type()) {
    gradient.addmm_(left, right);
  } else {
    gradient.add_(at::mm(left, right));
  }
}

/// Of batches of vectors, which as they lie are the rows of two matrices.
void add_of_vectors(at::Tensor& gradient, const at::Tensor& in, const at::Tensor& dout,
                    const StepSizes& s) {
  add_product(gradient, dout.view({s.batches, s.rows}).t(), in.view({s.batches, s.inner}).conj());
}

}  // namespace

void add_batch_by_batch(at::Tensor& gradient, const at::Tensor& in, const at::Tensor& dout,
                        const StepSizes& sizes) {
  if (sizes.columns == 1) return add_of_vectors(gradient, in, dout, sizes);
  const auto left = dout.view({sizes.batches, sizes.rows, sizes.columns});
  const auto right = in.view({sizes.batches, sizes.inner, sizes.columns});
  for (std::int64_t p = 0; p < sizes.batches; ++p) add_product(gradient, left[p], right[p].mH());
}

void add_at_once(at::Tensor& gradient, const at::Tensor& in, const at::Tensor& dout,
                 const StepSizes& sizes) {
  if (sizes.columns == 1) return add_of_vectors(gradient, in, dout, sizes);
  const auto flat = [&](const at::Tensor& operand, std::int64_t rows) {
    return operand.view({sizes.batches, rows, sizes.columns}).transpose(0, 1).reshape({rows, -1});
  };
  add_product(gradient, flat(dout, sizes.rows), flat(in, sizes.inner).mH());
}

void add_step_gradient(at::Tensor& gradient, const at::Tensor& in, const at::Tensor& dout,
                       const StepSizes& sizes) {
  if (gradient.is_cpu()) {
    add_batch_by_batch(gradient, in, dout, sizes);
  } else {
    add_at_once(gradient, in, dout, sizes);
  }
}

}  // namespace ranklens::tn
