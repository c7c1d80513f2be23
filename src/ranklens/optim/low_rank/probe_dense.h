#pragma once

#include <array>
#include <memory>

#include "ranklens/optim/low_rank/probe_linear.h"
#include "ranklens/optim/low_rank/tucker_kernel.h"

namespace ranklens::optim {

/// U S V^T [m, n] itself, for operators that ask for all of it: as they pay for the whole weight,
/// they pay for its whole gradient, whose parts go to the zeros.
at::Tensor probed_dense(const ProbeCall& call);

/// The same of a kernel, [O, I, height, width]; `slots` are its zeros, of k_out, the core and k_in.
at::Tensor probed_dense(const TuckerKernel& point, const CoreRows& rows,
                        const std::array<at::Tensor, 3>& slots, const std::shared_ptr<Uses>& uses);

}  // namespace ranklens::optim
