#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/network.h"

namespace ranklens::train {

/// In which numbers a network is computed: float32, or bfloat16 over weights stored in float32.
enum class Compute { float32, bfloat16 };

std::string_view to_string(Compute compute);
/// Reads "float32" or "bfloat16".
Compute parse_compute(std::string_view text);

/// How and where a network runs.
struct Execution {
  Compute compute = Compute::float32;
  /// Images and convolution weights laid out channels-last: the faster layout for convolutions.
  bool channels_last = true;
  /// Weights in factors keep nothing but their input between the passes of a training step
  /// (nn::with_low_memory()): slower, and fewer bytes of activations.
  bool low_memory = false;
};

/// The state to run with: under bfloat16 each parameter is cast once, differentiably, except those
/// of normalisations, which stay as they are; operators compute in the type of their weight.
nn::State state_for(const nn::Graph& graph, const nn::State& state, Compute compute);
/// The same for a training step.
nn::State training_state(const nn::Graph& graph, const nn::State& state,
                         const Execution& execution);

/// The state with its four-dimensional tensors laid out as `execution` says.
nn::State laid_out(const nn::State& state, const Execution& execution);

/// Where the state's first tensor lies; the CPU for an empty state.
at::Device device_of(const nn::State& state);

}  // namespace ranklens::train
