#include "ranklens/tn/linear/rebuilt_application.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "ranklens/base/parallel.h"
#include "ranklens/tn/linalg/few_rows.h"
#include "ranklens/tn/linear/kernel_memory.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/panel_cost.h"
#include "ranklens/tn/linear/panels/rebuilt.h"

namespace ranklens::tn {
namespace {

/// Both halves, merged: [(a c), r] and [r, (b d)].
struct MergedPair {
  panels::Rebuilt sizes;
  std::size_t middle;
  at::Tensor left, right;
};

MergedPair merged_pair(const Schedule& schedule, const Neighbours& cores) {
  const auto middle = schedule.steps.front().last;
  const auto sizes = rebuilt_of(modes_of(cores.left), schedule);
  return {sizes, middle,
          merged_core(cores.left, 0, middle).reshape({sizes.a * sizes.c, sizes.r}).contiguous(),
          merged_core(cores.right, middle, cores.right.size())
              .reshape({sizes.r, sizes.b * sizes.d})
              .contiguous()};
}

/// x [rows, ins] W^T, or dy [rows, outs] W.
at::Tensor strips_of(const MergedPair& pair, const at::Tensor& x, bool outputs) {
  const auto& kernels = *panels::table();
  const auto& n = pair.sizes;
  const auto y = at::empty({x.size(0), outputs ? n.outs() : n.ins()}, x.options());
  KernelMemory shared;
  const auto halves =
      panels::pack_halves(kernels, n, pair.left.const_data_ptr<float>(),
                          pair.right.const_data_ptr<float>(), outputs, shared.room());
  base::parallel_over(
      panels::strip_count(kernels, n, outputs), 1, [&](std::int64_t begin, std::int64_t end) {
        KernelMemory own;
        panels::apply_strips(kernels, n, halves, outputs, x.const_data_ptr<float>(), x.size(0),
                             y.mutable_data_ptr<float>(), begin, end, own.room());
      });
  return y;
}

/// dy^T x as [(a c), (b d)].
at::Tensor gradient_of(const MergedPair& pair, const at::Tensor& x, const at::Tensor& dy) {
  const auto& kernels = *panels::table();
  const auto& n = pair.sizes;
  const auto gradient = at::empty({n.a * n.c, n.b * n.d}, x.options());
  KernelMemory shared;
  const auto* packed =
      panels::pack_gradient(kernels, n, dy.const_data_ptr<float>(), x.size(0), shared.room());
  base::parallel_over(
      panels::strip_count(kernels, n, false), 1, [&](std::int64_t begin, std::int64_t end) {
        KernelMemory own;
        panels::gradient_strips(kernels, n, x.const_data_ptr<float>(), packed, x.size(0),
                                gradient.mutable_data_ptr<float>(), begin, end, own.room());
      });
  return gradient;
}

}  // namespace

at::Tensor apply_strips(const Schedule& schedule, const std::vector<at::Tensor>& cores,
                        const at::Tensor& x, const at::Tensor& bias) {
  auto y = strips_of(merged_pair(schedule, cores), x, true);
  if (bias.defined()) y.add_(bias);
  return y;
}

AppliedGradients apply_strips_backward(const Schedule& schedule, const BackwardCores& cores,
                                       const at::Tensor& x, const at::Tensor& dy, bool x_wanted) {
  const auto& neighbours = cores.neighbours;
  AppliedGradients found{.x = {}, .cores = std::vector<at::Tensor>(cores.through.size())};
  const auto pair = merged_pair(schedule, neighbours);
  if (x_wanted) {
    const bool own = &neighbours.left == &cores.through && &neighbours.right == &cores.through;
    found.x = strips_of(own ? pair : merged_pair(schedule, cores.through), dy, false);
  }
  const auto gradient = gradient_of(pair, x, dy);
  set_core_gradients(neighbours, 0, pair.middle, times_rows_transposed(gradient, pair.right),
                     found.cores);
  set_core_gradients(neighbours, pair.middle, cores.through.size(),
                     rows_times(pair.left.t().contiguous(), gradient), found.cores);
  return found;
}

}  // namespace ranklens::tn
