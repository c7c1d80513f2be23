#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::tn {

/// Rows of the matrix [M, N] of a train of cores [r, m, n, r']: those at `indices` (int64 [count],
/// each in [0, M)) as [count, N], the embedding of Khrulkov, Hrinchuk, Mirvakhabova, Oseledets
/// 2019. One slice of every core for each row, never the table: distinct rows are computed once,
/// and what rows with the same leading digits have in common once for all of them. Differentiable
/// in the cores any number of times.
at::Tensor tt_rows(const std::vector<at::Tensor>& cores, const at::Tensor& indices);

}  // namespace ranklens::tn
