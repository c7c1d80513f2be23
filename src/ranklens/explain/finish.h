#pragma once

#include <ATen/core/Tensor.h>

#include "ranklens/explain/attribution.h"

namespace ranklens::explain {

/// How PAIR's own display shows an attribution.
inline constexpr Finish kPairFinish{
    .absolute = true, .channels = Channels::sum, .clip_percentile = 99, .scale = true};

/// The steps of `finish` in their order.
at::Tensor finished(const at::Tensor& attribution, const Finish& finish);

/// Whether maps finished so can hold negative values, given whether the attribution can.
bool stays_signed(const Finish& finish, bool attribution_signed);

}  // namespace ranklens::explain
