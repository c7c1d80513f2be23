#include "ranklens/tn/linear/merge.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

namespace ranklens::tn {

namespace {

/// [r, M, N, s] and [s, m, n, r'] -> [r, (M m), (N n), r'].
at::Tensor joined(const at::Tensor& left, const at::Tensor& right) {
  const auto r = left.size(0), rows = left.size(1), columns = left.size(2);
  const auto m = right.size(1), n = right.size(2), next = right.size(3);
  return at::matmul(left.reshape({r * rows * columns, -1}), right.reshape({right.size(0), -1}))
      .reshape({r, rows, columns, m, n, next})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({r, rows * m, columns * n, next});
}

}  // namespace

TrainModes modes_of(const std::vector<at::Tensor>& cores) {
  TrainModes modes{.out = {}, .in = {}, .ranks = {cores.front().size(0)}};
  for (const auto& core : cores) {
    modes.out.push_back(core.size(1));
    modes.in.push_back(core.size(2));
    modes.ranks.push_back(core.size(3));
  }
  return modes;
}

at::Tensor merged_core(const std::vector<at::Tensor>& cores, std::size_t first, std::size_t last) {
  if (last == first + 1) return cores[first];
  // Halves first: only the last, largest product is as large as the result.
  const auto middle = (first + last) / 2;
  return joined(merged_core(cores, first, middle), merged_core(cores, middle, last));
}

std::vector<at::Tensor> step_matrices(const std::vector<at::Tensor>& cores,
                                      const Schedule& schedule) {
  std::vector<at::Tensor> matrices;
  for (const auto& step : schedule.steps) {
    const auto core = merged_core(cores, step.first, step.last);
    const auto r = core.size(0), m = core.size(1), n = core.size(2), next = core.size(3);
    if (&step == &schedule.steps.back()) {
      matrices.push_back(core.permute({1, 0, 2, 3}).reshape({m, r * n * next}));
    } else if (step.from_left) {
      matrices.push_back(core.permute({1, 3, 0, 2}).reshape({m * next, r * n}));
    } else {
      matrices.push_back(core.reshape({r * m, n * next}));
    }
  }
  return matrices;
}

at::Tensor dense_matrix(const std::vector<at::Tensor>& cores) {
  const auto core = merged_core(cores, 0, cores.size());
  return core.reshape({core.size(1), core.size(2)});
}

}  // namespace ranklens::tn
