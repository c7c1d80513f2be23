#pragma once

#include <memory>

#include "ranklens/nn/weight.h"
#include "ranklens/optim/low_rank/probe.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

/// The probe of a convolution's kernel in Tucker-2 form, [out, in, height, width]: it is applied as
/// it is, and its factors "dKout" [O, m], "dC" (the core's shape) and "dKin" [I, m'] are zeros
/// whose gradients are those of TuckerGradient, from one backward pass at the cost of one for the
/// factors. `rows`, core_rows() of the point's core, serve as the kernel between the two channel
/// reductions: forward those that leave K to the output channels, backward those that leave it to
/// the input's.
///
/// `uses` and what it costs are those of the other probe; Use::between gives [a, b, height, width].
/// Of one that is read for its core alone, "dC" is the only factor, and the core stands for `rows`.
nn::Weight probe(const nn::Shape& shape, const TuckerKernel& point, const CoreRows& rows,
                 std::shared_ptr<Uses> uses = {}, Reads reads = Reads::all);

/// The gradient at a point from those of a probe's three factors in their order, the first and the
/// last undefined where it was read for its core alone.
TuckerGradient probed_gradient(const CoreRows& rows, const at::Tensor& k_out,
                               const at::Tensor& core, const at::Tensor& k_in, const Uses& uses,
                               double scale = 1);

}  // namespace ranklens::optim
