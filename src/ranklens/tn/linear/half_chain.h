#pragma once

#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// The cores on one side of the core that carries the label, from the end of the train inwards, and
/// how they take a tile of a batch in. The batch is the last index throughout: the state of a side
/// is [r, width], features are [sites, d, width], so that all that is done between the products is
/// done to many samples at once and nothing is permuted.
///
/// A site multiplies the state by its features, [(r d), width], then by its matrix. From the left
/// that is the transpose of the core read as [(r d), r'], from the right the core read as
/// [r, (d r')]: no core is copied.
struct HalfChain {
  std::vector<at::Tensor> cores;   ///< [r, d, r'], contiguous
  std::vector<std::size_t> sites;  ///< of each: which site's features it takes
  bool from_left = false;

  std::size_t size() const { return cores.size(); }
  /// Of the state after the first `count` cores; 1 for none.
  std::int64_t rank(std::size_t count) const;
  /// Numbers that all states of one sample have together.
  std::int64_t numbers() const;
  /// How often a sample's state is brought back to a size of about one.
  std::size_t rescalings() const;
};

/// After which cores of a half of `size` states are rescaled: every fourth, and the last.
bool rescaled_after(std::size_t core, std::size_t size);

/// What a sweep over a half leaves: the last state, times 2^exponent what it stands for.
struct HalfResult {
  at::Tensor state;     ///< [r, width]
  at::Tensor exponent;  ///< [width]
};

/// Sweeps features [sites, d, width] through the half. `states` [numbers() * width] and `factors`
/// [rescalings(), width] take all states and the powers of two that they were multiplied by, for
/// the backward pass; without them (undefined) only two states are held at a time.
HalfResult sweep(const HalfChain& half, const at::Tensor& features, at::Tensor states,
                 at::Tensor factors);

/// Given the gradient of the last state (used up), adds to those of the cores (by `first_time` they
/// are written instead) and writes those of the features (undefined: not wanted).
void sweep_backward(const HalfChain& half, const at::Tensor& features, const at::Tensor& states,
                    const at::Tensor& factors, at::Tensor gradient,
                    std::vector<at::Tensor>& core_gradients, bool first_time,
                    at::Tensor feature_gradients);

}  // namespace ranklens::tn
