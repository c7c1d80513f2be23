#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

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

/// The dense matrix [M, N] that the cores stand for. Differentiable.
at::Tensor dense_matrix(const std::vector<at::Tensor>& cores);

}  // namespace ranklens::tn
