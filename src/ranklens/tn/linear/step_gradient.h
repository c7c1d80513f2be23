#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/schedule.h"

/// The gradient of a step's matrix [a, c]: the sum over the batches of dout in^H, with in [P, c, n]
/// and dout [P, a, n], both contiguous. A sum of many bfloat16 or half numbers is kept in float32,
/// which is then the type of the gradient.
namespace ranklens::tn {

/// Adds it where the operands lie: one product for each batch, whose operands are in a processor's
/// cache.
void add_batch_by_batch(at::Tensor& gradient, const at::Tensor& in, const at::Tensor& dout,
                        const StepSizes& sizes);

/// Adds it by one product of copies in which batches and columns are one index: what devices want,
/// on which to start a product takes longer than a small one does.
void add_at_once(at::Tensor& gradient, const at::Tensor& in, const at::Tensor& dout,
                 const StepSizes& sizes);

/// By whichever suits the device.
void add_step_gradient(at::Tensor& gradient, const at::Tensor& in, const at::Tensor& dout,
                       const StepSizes& sizes);

}  // namespace ranklens::tn
