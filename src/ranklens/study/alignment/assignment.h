#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::study::alignment {

/// The permutation p of the columns of a square matrix [n, n] for which the sum of a[i][p(i)] is
/// the largest: the Hungarian method with potentials, O(n^3) (Kuhn 1955; Munkres 1957).
std::vector<std::int64_t> best_assignment(const at::Tensor& a);

}  // namespace ranklens::study::alignment
