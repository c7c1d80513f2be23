#pragma once

#include "ranklens/nn/state.h"

namespace ranklens::nn {

/// The same weight for a training that is short of memory rather than of time. A weight in factors
/// then keeps, from the forward to the backward pass, its input and nothing else: what lies between
/// its factors (and a kernel or matrix that is multiplied out) is computed again. Trains apply
/// themselves so (tn::KeepStates::low_memory), other formats run once more inside the backward
/// pass. Results are the same up to rounding, gradients of gradients too. Dense weights and those
/// that are so already stay as they are.
///
/// A choice of the run, like the device, and no part of the weight: factors, kind, structure and
/// spec are unchanged, with() keeps it, and model files do not know it.
Weight with_low_memory(const Weight& weight);

/// All weights of a state.
State with_low_memory(const State& state);

}  // namespace ranklens::nn
