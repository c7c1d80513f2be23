#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/state.h"

namespace ranklens::optim {

/// A weight whose factors' gradients are overlapping parts of one gradient, so that their squares
/// do not add up to its own.
class OverlappingGradients {
 public:
  virtual ~OverlappingGradients() = default;
  /// The squared Euclidean norm of the gradient with these parts, one for each factor, all of them
  /// defined.
  virtual double norm_squared(const std::vector<at::Tensor>& parts) const = 0;
};

/// The Euclidean norm of all gradients together (undefined ones are left out).
double global_norm(const std::vector<at::Tensor>& gradients);

/// The same of the gradients of state.trainable(), one for each, where a weight of overlapping ones
/// counts by what they are parts of: a matrix U S V^T in work by the norm of its gradient projected
/// onto the tangent space, as a dense one by that of its gradient.
double global_norm(const nn::State& state, const std::vector<at::Tensor>& gradients);

/// Scales the gradients in place so that their norm is at most `most` (Pascanu, Mikolov and Bengio
/// 2013, algorithm 1); returns the norm before.
double clip_norm(const std::vector<at::Tensor>& gradients, double most);
/// The same by the norm of gradients of state.trainable().
double clip_norm(const nn::State& state, const std::vector<at::Tensor>& gradients, double most);

/// Clamps every entry to [-most, most] in place.
void clip_value(const std::vector<at::Tensor>& gradients, double most);

/// Copies those that lie in the memory of another tensor. Where a sum of two weights is all that a
/// loss sees of them, autograd gives both one gradient: scaled or added to in place, as clipping
/// and batches in pieces do, it would change twice.
void make_own(std::vector<at::Tensor>& gradients);

}  // namespace ranklens::optim
