#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/linear/panels/two_steps.h"
#include "ranklens/tn/linear/schedule.h"

namespace ranklens::tn {

/// The sizes of a TT matrix with these cores [r, m, n, r'].
TrainModes modes_of(const std::vector<at::Tensor>& cores);

/// The cores first..last-1 as one core [r, M, N, r'], M and N their modes' products.
/// Differentiable.
at::Tensor merged_core(const std::vector<at::Tensor>& cores, std::size_t first, std::size_t last);

/// The matrix of each step of the schedule: [M r', r N] from the left, [r M, N r'] from the right,
/// [M, r N r'] for the last. Differentiable.
std::vector<at::Tensor> step_matrices(const std::vector<at::Tensor>& cores,
                                      const Schedule& schedule);

/// The neighbours that a core's gradient is taken with where cores were merged: those at its left
/// and those at its right. The train's own cores, or its two orthogonal forms for the parts of a
/// gradient in a tangent space.
struct Neighbours {
  const std::vector<at::Tensor>& left;
  const std::vector<at::Tensor>& right;

  Neighbours(const std::vector<at::Tensor>& own) : left(own), right(own) {}  // NOLINT: they are one
  Neighbours(const std::vector<at::Tensor>& l, const std::vector<at::Tensor>& r)
      : left(l), right(r) {}
};

/// The gradients of the cores first..last-1, given that of their merged core, [r, M, N, r'], into
/// the places first..last-1 of `gradients`. Merged cores in between are computed again.
void set_core_gradients(const Neighbours& cores, std::size_t first, std::size_t last,
                        const at::Tensor& merged, std::vector<at::Tensor>& gradients);

/// The same from the gradients of step_matrices(): one for each core.
std::vector<at::Tensor> core_gradients(const Neighbours& cores, const Schedule& schedule,
                                       const std::vector<at::Tensor>& matrices);

/// The cores first..last-1 merged, as the product of two halves leaves it: no index is moved.
struct MergedHalves {
  at::Tensor numbers;
  panels::Laid laid;  ///< where the merged core's [M, N] and its bond on one side lie
};
MergedHalves merged_halves(const std::vector<at::Tensor>& cores, std::size_t first,
                           std::size_t last, bool bond_at_right);
/// The gradients of the cores from that of MergedHalves::numbers.
void set_half_gradients(const Neighbours& cores, std::size_t first, std::size_t last,
                        const at::Tensor& numbers, std::vector<at::Tensor>& gradients);

/// The dense matrix [M, N] that the cores stand for. Differentiable.
at::Tensor dense_matrix(const std::vector<at::Tensor>& cores);

}  // namespace ranklens::tn
