#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/explain/attribution.h"

namespace ranklens::explain {

/// The steps of `finish` in their order.
at::Tensor finished(const at::Tensor& attribution, const Finish& finish);

/// Whether maps finished so can hold negative values, given whether the attribution can.
bool stays_signed(const Finish& finish, bool attribution_signed);

}  // namespace ranklens::explain
