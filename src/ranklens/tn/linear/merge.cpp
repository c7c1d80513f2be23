#include "ranklens/tn/linear/merge.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

namespace ranklens::tn {

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
  auto grown = cores[first];
  for (auto k = first + 1; k < last; ++k) {
    const auto& core = cores[k];
    const auto left = grown.size(0), rows = grown.size(1), columns = grown.size(2);
    const auto m = core.size(1), n = core.size(2), right = core.size(3);
    grown = at::matmul(grown.reshape({left * rows * columns, -1}), core.reshape({core.size(0), -1}))
                .reshape({left, rows, columns, m, n, right})
                .permute({0, 1, 3, 2, 4, 5})
                .reshape({left, rows * m, columns * n, right});
  }
  return grown;
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
