#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "ranklens/explain/attribution.h"
#include "ranklens/nn/network.h"

/// The one place that decides how much runs at a time.
namespace ranklens::explain {

enum class Pass { forward, gradient };

/// Samples to run at one time: as many as fit into `memory` bytes, at least one. Gradients keep the
/// activations of every node and as much again for their own; a forward pass keeps few of them. On
/// a processor not more than stay near its caches either: there, larger chunks are slower.
std::int64_t chunk_size(const nn::Network& network, std::int64_t memory, Pass pass);

/// Runs [first, first + count) of a sampling method that makes `samples` runs an image: all runs of
/// image 0, then of image 1, and so on.
struct Runs {
  std::int64_t first = 0;
  std::int64_t count = 0;
  at::Tensor image;   ///< [count] int64
  at::Tensor sample;  ///< [count] int64, 0 .. samples - 1
};

/// Makes the inputs [count,C,H,W] of some runs; they may share memory with nothing else.
using MakeInputs = std::function<at::Tensor(const Runs&)>;
/// Takes the gradients [count,C,H,W] of the targets' scores with respect to those inputs.
using TakeGradients = std::function<void(const Runs&, const at::Tensor& gradients)>;

/// Input gradients of every run, chunk by chunk. `stage` names the work for the progress display.
void for_each_gradient(const nn::Network& network, const at::Tensor& targets, std::int64_t samples,
                       std::string_view stage, const Execution& execution, const MakeInputs& make,
                       const TakeGradients& take);

/// Maps of a few images, [count,...], within what is left of the memory.
using MakeMaps =
    std::function<at::Tensor(std::int64_t first, std::int64_t count, const Execution& rest)>;

/// Maps of all images, made block by block, so that what a method keeps of each of them (`bytes` an
/// image) takes at most a quarter of the memory, or is that of one image. Progress is of all.
at::Tensor by_blocks(std::int64_t images, std::int64_t bytes, const Execution& execution,
                     const MakeMaps& make);

}  // namespace ranklens::explain
