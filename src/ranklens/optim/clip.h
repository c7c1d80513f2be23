#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

/// The Euclidean norm of all gradients together (undefined ones are left out).
double global_norm(const std::vector<at::Tensor>& gradients);

/// Scales the gradients in place so that their norm is at most `most` (Pascanu, Mikolov and Bengio
/// 2013, algorithm 1); returns the norm before.
double clip_norm(const std::vector<at::Tensor>& gradients, double most);

/// Clamps every entry to [-most, most] in place.
void clip_value(const std::vector<at::Tensor>& gradients, double most);

}  // namespace ranklens::optim
