#pragma once

#include <string_view>

#include "ranklens/nn/weight.h"
#include "ranklens/optim/low_rank/integrator.h"
#include "ranklens/optim/low_rank/options.h"
#include "ranklens/optim/low_rank/tucker_integrator.h"

namespace ranklens::optim {

/// How a method moves matrices, and kernels in Tucker-2 form with a window. Where it moves both,
/// the two have as many stages; where it does not move kernels, theirs has none.
Integrator integrator_for(const LowRankOptions& options);
TuckerIntegrator tucker_integrator_for(const LowRankOptions& options);

/// Whether the method ends with steps of the core in bases that were found before.
bool moves_core(LowRankOptions::Method method);

/// Whether the core's steps have moments of their own (of `core`, whose bases stay, and where
/// moments are kept by entry); otherwise every gradient is replaced by the direction of one field
/// on the tangent space (TangentMomentsOf), whose momentum reaches new directions, too.
bool has_core_moments(const LowRankOptions& options);

/// Whether the method of this name moves a weight as a whole.
bool moves_whole(std::string_view method, const nn::Weight& weight);

}  // namespace ranklens::optim
