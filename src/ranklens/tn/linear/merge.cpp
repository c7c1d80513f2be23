#include "ranklens/tn/linear/merge.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

namespace ranklens::tn {

namespace {

/// [r, M, N, s] and [s, m, n, r'] -> [(r M N), (m n r')].
at::Tensor product_of(const at::Tensor& left, const at::Tensor& right) {
  return at::matmul(left.reshape({-1, left.size(3)}), right.reshape({right.size(0), -1}));
}

/// The same -> [r, (M m), (N n), r'].
at::Tensor joined(const at::Tensor& left, const at::Tensor& right) {
  const auto r = left.size(0), rows = left.size(1), columns = left.size(2);
  const auto m = right.size(1), n = right.size(2), next = right.size(3);
  return product_of(left, right)
      .reshape({r, rows, columns, m, n, next})
      .permute({0, 1, 3, 2, 4, 5})
      .reshape({r, rows * m, columns * n, next});
}

std::size_t middle_of(std::size_t first, std::size_t last) { return (first + last) / 2; }

/// Offsets of the joint index (slow, fast).
std::vector<std::int64_t> offsets(std::int64_t slow, std::int64_t slow_stride, std::int64_t fast,
                                  std::int64_t fast_stride) {
  std::vector<std::int64_t> found;
  for (std::int64_t i = 0; i < slow; ++i) {
    for (std::int64_t j = 0; j < fast; ++j) found.push_back(i * slow_stride + j * fast_stride);
  }
  return found;
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
  const auto middle = middle_of(first, last);
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

void set_half_gradients(const Neighbours& cores, std::size_t first, std::size_t last,
                        const at::Tensor& numbers, std::vector<at::Tensor>& gradients) {
  if (last == first + 1) {
    gradients[first] = numbers.reshape(cores.left[first].sizes());
    return;
  }
  const auto middle = middle_of(first, last);
  const auto left = merged_core(cores.left, first, middle),
             right = merged_core(cores.right, middle, last);
  const auto rows = left.reshape({-1, left.size(3)});
  const auto columns = right.reshape({right.size(0), -1});
  const auto given = numbers.reshape({rows.size(0), columns.size(1)});
  set_core_gradients(cores, first, middle, at::matmul(given, columns.mH()).reshape(left.sizes()),
                     gradients);
  set_core_gradients(cores, middle, last, at::matmul(rows.mH(), given).reshape(right.sizes()),
                     gradients);
}

void set_core_gradients(const Neighbours& cores, std::size_t first, std::size_t last,
                        const at::Tensor& merged, std::vector<at::Tensor>& gradients) {
  const auto modes = modes_of(cores.left);
  const auto middle = middle_of(first, last);
  if (last == first + 1) return set_half_gradients(cores, first, last, merged, gradients);
  // joined(), backwards.
  const auto turned =
      merged
          .reshape({modes.ranks[first], modes.outs(first, middle), modes.outs(middle, last),
                    modes.ins(first, middle), modes.ins(middle, last), modes.ranks[last]})
          .permute({0, 1, 3, 2, 4, 5});
  set_half_gradients(cores, first, last, turned, gradients);
}

std::vector<at::Tensor> core_gradients(const Neighbours& cores, const Schedule& schedule,
                                       const std::vector<at::Tensor>& matrices) {
  const auto modes = modes_of(cores.left);
  std::vector<at::Tensor> gradients(cores.left.size());
  for (std::size_t k = 0; k < matrices.size(); ++k) {
    const auto& step = schedule.steps[k];
    const auto r = modes.ranks[step.first], next = modes.ranks[step.last];
    const auto m = modes.outs(step.first, step.last), n = modes.ins(step.first, step.last);
    at::Tensor merged;  // step_matrices(), backwards
    if (k + 1 == matrices.size()) {
      merged = matrices[k].reshape({m, r, n, next}).permute({1, 0, 2, 3});
    } else if (step.from_left) {
      merged = matrices[k].reshape({m, next, r, n}).permute({2, 0, 3, 1});
    } else {
      merged = matrices[k].reshape({r, m, n, next});
    }
    set_core_gradients(cores, step.first, step.last, merged, gradients);
  }
  return gradients;
}

MergedHalves merged_halves(const std::vector<at::Tensor>& cores, std::size_t first,
                           std::size_t last, bool bond_at_right) {
  const auto modes = modes_of(cores);
  const auto middle = last == first + 1 ? last : middle_of(first, last);
  const auto rows = modes.outs(first, middle), columns = modes.ins(first, middle);
  const auto m = modes.outs(middle, last), n = modes.ins(middle, last), next = modes.ranks[last];
  const auto half = m * n * next;
  MergedHalves found;
  found.laid = {offsets(rows, columns * half, m, n * next), offsets(columns, half, n, next),
                bond_at_right ? 1 : rows * columns * half};
  found.numbers = last == first + 1 ? cores[first].contiguous()
                                    : product_of(merged_core(cores, first, middle),
                                                 merged_core(cores, middle, last));
  return found;
}

at::Tensor dense_matrix(const std::vector<at::Tensor>& cores) {
  const auto core = merged_core(cores, 0, cores.size());
  return core.reshape({core.size(1), core.size(2)});
}

}  // namespace ranklens::tn
