#pragma once

#include "ranklens/optim/low_rank/probe_linear.h"

namespace ranklens::optim {

/// The rows of the matrix at `indices` (int64, any shape, each in [0, m)): [..., n]. Nothing but
/// these rows is multiplied out; what comes back to a row that is looked up again adds up.
at::Tensor probed_rows(const ProbeCall& call, const at::Tensor& indices);

}  // namespace ranklens::optim
