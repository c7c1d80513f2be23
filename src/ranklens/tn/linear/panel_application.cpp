#include "ranklens/tn/linear/panel_application.h"

#include <map>
#include <mutex>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/parallel.h"
#include "ranklens/tn/linear/kernel_memory.h"
#include "ranklens/tn/linear/panel_cost.h"

namespace ranklens::tn {
namespace {

using panels::TwoStepWorker;

panels::Packed packed(const PanelApplication& work, panels::Pass pass, const panels::Room& room) {
  return panels::pack(*panels::table(), work.sizes, work.first.numbers.const_data_ptr<float>(),
                      work.first.laid, work.second.numbers.const_data_ptr<float>(),
                      work.second.laid, pass, room);
}

const float* numbers_of(const at::Tensor& t) {
  return t.defined() ? t.const_data_ptr<float>() : nullptr;
}

/// Calls body(first, last) for runs of rows of the batch, whole tiles each, one for each thread.
template <class Body>
void over_rows(std::int64_t batch, Body&& body) {
  const auto tile = TwoStepWorker::tile_rows(*panels::table());
  base::parallel_over((batch + tile - 1) / tile, 1, [&](std::int64_t first, std::int64_t last) {
    const at::NoGradGuard no_gradients;  // a property of the thread
    body(first * tile, std::min(last * tile, batch));
  });
}

/// Calls body(first, count) for the tiles of the rows begin..end-1.
template <class Body>
void over_row_tiles(std::int64_t begin, std::int64_t end, Body&& body) {
  const auto tile = TwoStepWorker::tile_rows(*panels::table());
  for (auto row = begin; row < end; row += tile) body(row, std::min(tile, end - row));
}

}  // namespace

PanelApplication panel_application(const std::vector<at::Tensor>& cores, const Schedule& schedule) {
  const auto& first = schedule.steps[0];
  const auto& second = schedule.steps[1];
  return {two_steps_of(modes_of(cores), schedule),
          merged_halves(cores, first.first, first.last, first.from_left),
          merged_halves(cores, second.first, second.last, !first.from_left)};
}

at::Tensor apply_panels(const PanelApplication& work, const at::Tensor& x, const at::Tensor& bias,
                        at::Tensor* states) {
  const auto& kernels = *panels::table();
  const auto& n = work.sizes;
  const auto y = at::empty({x.size(0), n.s * n.t}, x.options());
  if (states != nullptr)
    *states = at::empty({panels::kept_numbers(kernels, n, x.size(0))}, x.options());
  KernelMemory shared;
  const auto matrices = packed(work, panels::Pass::forward, shared.room());
  const auto* shift = numbers_of(bias);
  float* kept = states == nullptr ? nullptr : states->mutable_data_ptr<float>();
  float* out = y.mutable_data_ptr<float>();
  over_rows(x.size(0), [&](std::int64_t begin, std::int64_t end) {
    KernelMemory own;
    TwoStepWorker worker(kernels, n, matrices, panels::Pass::forward, end - begin, own.room());
    over_row_tiles(begin, end, [&](std::int64_t row, std::int64_t rows) {
      worker.forward(numbers_of(x) + row * n.p * n.q, rows, shift, out + row * n.s * n.t,
                     kept == nullptr ? nullptr : kept + row * n.state());
    });
  });
  return y;
}

PanelGradients apply_panels_backward(const PanelApplication& work, const at::Tensor& x,
                                     const at::Tensor& dy, const at::Tensor& states,
                                     bool x_wanted) {
  const auto& kernels = *panels::table();
  const auto& n = work.sizes;
  PanelGradients found{.x = {}, .first = {}, .second = {}};
  if (x_wanted) found.x = at::empty(x.sizes(), x.options());
  const auto pass = states.defined() ? panels::Pass::backward_with_states : panels::Pass::backward;
  std::optional<KernelMemory> shared(std::in_place);
  const auto matrices = packed(work, pass, shared->room());
  float* dx = x_wanted ? found.x.mutable_data_ptr<float>() : nullptr;
  // Each part by its first row: gradients are added up in that order.
  std::map<std::int64_t, std::pair<KernelMemory, TwoStepWorker>> parts;
  std::mutex mutex;
  over_rows(x.size(0), [&](std::int64_t begin, std::int64_t end) {
    KernelMemory own;
    TwoStepWorker worker(kernels, n, matrices, pass, end - begin, own.room());
    over_row_tiles(begin, end, [&](std::int64_t row, std::int64_t rows) {
      worker.backward(numbers_of(x) + row * n.p * n.q, numbers_of(dy) + row * n.s * n.t, rows,
                      states.defined() ? numbers_of(states) + row * n.state() : nullptr,
                      dx == nullptr ? nullptr : dx + row * n.p * n.q);
    });
    const std::lock_guard lock(mutex);
    parts.emplace(begin, std::pair(std::move(own), std::move(worker)));
  });
  shared.reset();  // what follows takes as much
  found.first = at::zeros_like(work.first.numbers);
  found.second = at::zeros_like(work.second.numbers);
  for (const auto& [begin, part] : parts) {
    part.second.add_gradients(found.first.mutable_data_ptr<float>(), work.first.laid,
                              found.second.mutable_data_ptr<float>(), work.second.laid);
  }
  return found;
}

}  // namespace ranklens::tn
