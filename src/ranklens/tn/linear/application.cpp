#include "ranklens/tn/linear/application.h"

#include <ATen/TensorOperators.h>

#include "ranklens/base/product.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/panel_application.h"
#include "ranklens/tn/linear/rebuilt_application.h"
#include "ranklens/tn/linear/tiles.h"

namespace ranklens::tn {
namespace {

bool stores_any(const Schedule& schedule) {
  return std::any_of(schedule.stored.begin(), schedule.stored.end(), [](bool b) { return b; });
}

std::vector<StepSizes> row_sizes(const std::vector<at::Tensor>& cores, const Schedule& schedule) {
  return step_sizes(modes_of(cores), schedule, 1);
}

AppliedGradients rebuilt_backward(const BackwardCores& cores, const at::Tensor& x,
                                  const at::Tensor& dy, const std::vector<at::Tensor>& kept,
                                  bool x_wanted) {
  const auto count = cores.through.size();
  AppliedGradients found{.x = {}, .cores = std::vector<at::Tensor>(count)};
  if (x_wanted) {
    const auto matrix = kept.empty() ? dense_matrix(cores.through) : kept.front();
    found.x = base::linear(dy, matrix.mH());
  }
  const auto of_matrix = base::linear(dy.t(), x.mH());
  set_core_gradients(cores.neighbours, 0, count, of_matrix, found.cores);
  return found;
}

AppliedGradients panels_backward(const Schedule& schedule, const BackwardCores& cores,
                                 const at::Tensor& x, const at::Tensor& dy,
                                 const std::vector<at::Tensor>& kept, bool x_wanted) {
  const auto work = panel_application(cores.through, schedule);
  const auto found =
      apply_panels_backward(work, x, dy, kept.empty() ? at::Tensor() : kept.front(), x_wanted);
  AppliedGradients all{.x = found.x, .cores = std::vector<at::Tensor>(cores.through.size())};
  const auto& [first, second] = std::tie(schedule.steps[0], schedule.steps[1]);
  set_half_gradients(cores.neighbours, first.first, first.last, found.first, all.cores);
  set_half_gradients(cores.neighbours, second.first, second.last, found.second, all.cores);
  return all;
}

}  // namespace

Applied apply_schedule(const Schedule& schedule, const std::vector<at::Tensor>& cores,
                       const at::Tensor& x, const at::Tensor& bias, bool training) {
  const bool keeps = training && stores_any(schedule);
  Applied applied;
  if (schedule.rebuild && schedule.panels) {
    applied.y = apply_strips(schedule, cores, x, bias);
  } else if (schedule.rebuild) {
    const auto matrix = dense_matrix(cores);
    applied.y = base::linear(x, matrix, bias);
    if (keeps) applied.kept = {matrix};
  } else if (schedule.panels) {
    at::Tensor states;
    applied.y =
        apply_panels(panel_application(cores, schedule), x, bias, keeps ? &states : nullptr);
    if (keeps) applied.kept = {states};
  } else {
    const auto matrices = step_matrices(cores, schedule);
    const Application work{schedule, row_sizes(cores, schedule), matrices};
    applied.y = apply_tiles(work, x, bias, training ? &applied.kept : nullptr);
  }
  return applied;
}

AppliedGradients apply_backward(const Schedule& schedule, const BackwardCores& cores,
                                const at::Tensor& x, const at::Tensor& dy,
                                const std::vector<at::Tensor>& kept, bool x_wanted) {
  if (schedule.rebuild && schedule.panels)
    return apply_strips_backward(schedule, cores, x, dy, x_wanted);
  if (schedule.rebuild) return rebuilt_backward(cores, x, dy, kept, x_wanted);
  if (schedule.panels) return panels_backward(schedule, cores, x, dy, kept, x_wanted);
  const auto matrices = step_matrices(cores.through, schedule);
  const Application work{schedule, row_sizes(cores.through, schedule), matrices};
  const auto found = apply_tiles_backward(work, x, dy, kept, x_wanted);
  return {found.x, core_gradients(cores.neighbours, schedule, found.matrices)};
}

}  // namespace ranklens::tn
