#include "ranklens/tn/linear/tt_linear.h"

#include <fstream>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/rates.h"
#include "ranklens/tn/linear/tiles.h"

namespace ranklens::tn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

std::vector<StepSizes> row_sizes(const TrainModes& modes, const Schedule& schedule) {
  return step_sizes(modes, schedule, 1);
}

/// The same order by libtorch's operators, the whole batch at once: what can be differentiated any
/// number of times.
at::Tensor apply_by_operators(const std::vector<at::Tensor>& cores, const at::Tensor& x,
                              const at::Tensor& bias, const Schedule& schedule) {
  const auto sizes = row_sizes(modes_of(cores), schedule);
  const auto matrices = step_matrices(cores, schedule);
  const auto rows = x.size(0);
  auto state = schedule.batch_last ? x.t() : x;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const auto batches = schedule.batch_last ? sizes[k].batches : sizes[k].batches * rows;
    state = at::matmul(matrices[k], state.reshape({batches, sizes[k].inner, -1}));
  }
  auto y = schedule.batch_last ? state.reshape({-1, rows}).t() : state.reshape({rows, -1});
  return bias.defined() ? y + bias : y;
}

/// The schedule of the call that a Function is in: schedules are no tensors.
struct ScheduleHolder : torch::CustomClassHolder {
  explicit ScheduleHolder(Schedule held) : schedule(std::move(held)) {}
  Schedule schedule;
};

struct DifferentiableApplication : torch::autograd::Function<DifferentiableApplication> {
  static at::Tensor forward(AutogradContext* context, const Schedule& schedule, const at::Tensor& x,
                            const std::optional<at::Tensor>& bias, at::TensorList cores) {
    const auto own = cores.vec();
    const auto matrices = step_matrices(own, schedule);
    const Application work{schedule, row_sizes(modes_of(own), schedule), matrices};
    std::vector<at::Tensor> kept;
    auto y = apply_tiles(work, x, bias.value_or(at::Tensor()), &kept);
    tensor_list saved{x, bias.value_or(at::Tensor())};
    saved.insert(saved.end(), own.begin(), own.end());
    saved.insert(saved.end(), kept.begin(), kept.end());
    context->save_for_backward(saved);
    context->saved_data["cores"] = static_cast<std::int64_t>(own.size());
    context->saved_data["schedule"] =
        c10::IValue::make_capsule(c10::make_intrusive<ScheduleHolder>(schedule));
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto count = static_cast<std::size_t>(context->saved_data["cores"].toInt());
    const auto holder = c10::dynamic_intrusive_pointer_cast<ScheduleHolder>(
        context->saved_data["schedule"].toCapsule());
    const auto& schedule = holder->schedule;
    const auto begin = saved.begin() + 2;
    const std::vector<at::Tensor> cores(begin, begin + static_cast<std::ptrdiff_t>(count));
    const std::vector<at::Tensor> kept(begin + static_cast<std::ptrdiff_t>(count), saved.end());
    const auto& x = saved[0];
    const auto& bias = saved[1];
    tensor_list inputs{x, bias};
    inputs.insert(inputs.end(), cores.begin(), cores.end());
    auto found = at::GradMode::is_enabled()
                     ? base::gradients_by_graph(apply_by_operators(cores, x, bias, schedule),
                                                inputs, gradients[0])
                     : by_tiles(schedule, x, bias, cores, kept, gradients[0]);
    found.insert(found.begin(), at::Tensor());  // the schedule's
    return found;
  }

  static tensor_list by_tiles(const Schedule& schedule, const at::Tensor& x, const at::Tensor& bias,
                              const std::vector<at::Tensor>& cores,
                              const std::vector<at::Tensor>& kept, const at::Tensor& gradient) {
    const auto dy = gradient.contiguous();
    // The gradients of the merged matrices reach the cores through the graph of the merging, whose
    // cost does not depend on the batch.
    std::vector<at::Tensor> leaves, matrices;
    {
      const at::AutoGradMode with_gradients(true);
      for (const auto& core : cores) leaves.push_back(core.detach().requires_grad_());
      matrices = step_matrices(leaves, schedule);
    }
    std::vector<at::Tensor> values;
    for (const auto& matrix : matrices) values.push_back(matrix.detach());
    const Application work{schedule, row_sizes(modes_of(cores), schedule), values};
    const auto found = apply_tiles_backward(work, x, dy, kept, x.requires_grad());
    tensor_list result{found.x, bias.defined() && bias.requires_grad() ? dy.sum(0) : at::Tensor()};
    const auto of_cores = torch::autograd::grad(matrices, leaves, found.matrices);
    result.insert(result.end(), of_cores.begin(), of_cores.end());
    return result;
  }
};

double free_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  double size = 0;
  while (file >> key >> size) {
    std::getline(file, unit);
    if (key == "MemAvailable:") return size * 1024;
  }
  return 4e9;
}

bool needs_gradient(const std::vector<at::Tensor>& cores, const at::Tensor& x,
                    const at::Tensor& bias) {
  if (!at::GradMode::is_enabled()) return false;
  if (x.requires_grad() || (bias.defined() && bias.requires_grad())) return true;
  return std::any_of(cores.begin(), cores.end(),
                     [](const auto& core) { return core.requires_grad(); });
}

}  // namespace

Schedule tt_linear_schedule(const std::vector<at::Tensor>& cores, std::int64_t batch, bool training,
                            KeepStates keep) {
  const bool stores = training && keep == KeepStates::fast;
  const auto& core = cores.front();
  return plan_application(modes_of(cores), {.batch = batch,
                                            .training = training,
                                            .bytes = static_cast<std::int64_t>(core.element_size()),
                                            .store = stores && core.is_cpu() ? free_memory() / 4
                                                     : stores                ? 1e9
                                                                             : 0,
                                            .tiled = core.is_cpu(),
                                            .rates = typical_rates(core.scalar_type())});
}

at::Tensor tt_linear(const std::vector<at::Tensor>& cores, const at::Tensor& x,
                     const at::Tensor& bias, const TTLinearOptions& options) {
  const auto modes = modes_of(cores);
  const auto ins = modes.ins(0, cores.size()), outs = modes.outs(0, cores.size());
  base::require(x.dim() >= 1 && x.size(-1) == ins, "a tensor-train weight takes {} inputs, not {}",
                ins, x.dim() >= 1 ? x.size(-1) : 0);
  const auto rows = x.reshape({-1, ins}).contiguous();
  const bool training = needs_gradient(cores, x, bias);
  const auto schedule = options.schedule
                            ? *options.schedule
                            : tt_linear_schedule(cores, rows.size(0), training, options.keep);
  at::Tensor y;
  if (schedule.rebuild || rows.size(0) == 0) {
    y = base::linear(rows, dense_matrix(cores), bias);
  } else if (training) {
    const auto given = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
    y = DifferentiableApplication::apply(schedule, rows, given, at::TensorList(cores));
  } else {
    const auto matrices = step_matrices(cores, schedule);
    y = apply_tiles({schedule, row_sizes(modes, schedule), matrices}, rows, bias, nullptr);
  }
  auto sizes = x.sizes().vec();
  sizes.back() = outs;
  return y.reshape(sizes);
}

}  // namespace ranklens::tn
