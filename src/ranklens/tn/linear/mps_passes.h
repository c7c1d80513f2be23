#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/half_chain.h"

/// The passes of mps_classifier(), outside of autograd: a tile of samples at a time through both
/// sides of the label, tiles shared among the threads.
namespace ranklens::tn {

/// How the samples of a batch are shared out.
struct BatchShares {
  std::int64_t tile;   ///< worked on at once
  std::int64_t grain;  ///< the fewest for which a thread is started
};

/// A device other than the processor gets the whole batch from one thread: in parts it would have
/// as many times the kernels to start, each with less to do.
BatchShares batch_shares(at::Device device, std::int64_t batch);

/// The train, cut at its label.
struct Sides {
  HalfChain left, right;
  at::Tensor label;  ///< [r, classes, r']
};

Sides sides_of(at::TensorList cores, std::size_t label);

/// What the backward pass needs beside features and cores: of each side the states of every tile
/// one after the other, and the factors [rescalings, batch].
struct KeptSides {
  at::Tensor left_states, left_factors, right_states, right_factors;
};

KeptSides room_for_sides(const Sides& sides, std::int64_t batch, const at::TensorOptions& options);

/// Value [batch, classes] and exponent [batch] of features [batch, sites, d]; fills `kept` unless
/// it is null.
struct SidesResult {
  at::Tensor value, exponent;
};
SidesResult sides_forward(const Sides& sides, const at::Tensor& features, const KeptSides* kept);

struct SidesGradients {
  at::Tensor features;                  ///< undefined where they were not wanted
  std::vector<at::Tensor> left, right;  ///< of the sides' cores, in their order
  at::Tensor label;
};

/// What the gradient of the value meets on its way back to either end, the label's core first.
/// These are the sides of the way forth, or of the same ranks in another form, in which case the
/// features have no gradient.
struct WayBack {
  const Sides& to_left;
  const Sides& to_right;
};

/// Given the gradient of the value, what each core of the way forth gets; an Error where gradients
/// of features are wanted and there are two ways back.
SidesGradients sides_backward(const WayBack& way, const at::Tensor& features, const KeptSides& kept,
                              const at::Tensor& gradient, bool features_wanted);

/// The values once more by libtorch's operators, with the factors that the sweeps took: something
/// that can be differentiated any number of times.
at::Tensor values_by_operators(const Sides& sides, const at::Tensor& features,
                               const KeptSides& kept);

}  // namespace ranklens::tn
