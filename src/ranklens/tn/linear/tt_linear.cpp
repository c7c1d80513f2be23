#include "ranklens/tn/linear/tt_linear.h"

#include <algorithm>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/by_graph.h"
#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/tn/linear/application.h"
#include "ranklens/tn/linear/kept_states.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/rates.h"

namespace ranklens::tn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// The same order by libtorch's operators, the whole batch at once: what can be differentiated any
/// number of times.
at::Tensor apply_by_operators(const std::vector<at::Tensor>& cores, const at::Tensor& x,
                              const at::Tensor& bias, const Schedule& schedule) {
  if (schedule.rebuild) return base::linear(x, dense_matrix(cores), bias);
  const auto sizes = step_sizes(modes_of(cores), schedule, 1);
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
    auto [y, kept] = apply_schedule(schedule, own, x, bias.value_or(at::Tensor()), true);
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
                     : by_hand(schedule, x, bias, cores, kept, gradients[0]);
    found.insert(found.begin(), at::Tensor());  // the schedule's
    return found;
  }

  static tensor_list by_hand(const Schedule& schedule, const at::Tensor& x, const at::Tensor& bias,
                             const std::vector<at::Tensor>& cores,
                             const std::vector<at::Tensor>& kept, const at::Tensor& gradient) {
    const auto dy = gradient.contiguous();
    const auto found = apply_backward(schedule, cores, x, dy, kept, x.requires_grad());
    tensor_list result{found.x, bias.defined() && bias.requires_grad() ? dy.sum(0) : at::Tensor()};
    result.insert(result.end(), found.cores.begin(), found.cores.end());
    return result;
  }
};

/// plan_application(), searched once for the same question: a layer asks it at every step.
Schedule remembered(const TrainModes& modes, const ScheduleOptions& options) {
  thread_local std::map<std::vector<double>, Schedule> answers;
  std::vector<double> question{static_cast<double>(options.batch),
                               static_cast<double>(options.training),
                               static_cast<double>(options.bytes),
                               static_cast<double>(options.tiled),
                               static_cast<double>(options.order),
                               options.store,
                               options.rates.product,
                               options.rates.dense,
                               options.rates.panels};
  for (const auto* sizes : {&modes.out, &modes.in, &modes.ranks})
    question.insert(question.end(), sizes->begin(), sizes->end());
  const auto known = answers.find(question);
  if (known != answers.end()) return known->second;
  constexpr std::size_t most = 1000;
  if (answers.size() >= most) answers.clear();
  return answers.emplace(std::move(question), plan_application(modes, options)).first->second;
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
                            KeepStates keep, Order order) {
  const auto& core = cores.front();
  const auto modes = modes_of(cores);
  ScheduleOptions options{.batch = batch,
                          .training = training,
                          .bytes = static_cast<std::int64_t>(core.element_size()),
                          .tiled = core.is_cpu(),
                          .order = order,
                          .rates = typical_rates(core.scalar_type())};
  if (!core.is_cpu()) options.rates.panels = 0;
  constexpr double elsewhere = 1e9;  // bytes: what other devices have is not asked for
  if (training && keep == KeepStates::fast)
    options.store = core.is_cpu() ? state_allowance() : elsewhere;
  return remembered(modes, options);
}

at::Tensor tt_linear(const std::vector<at::Tensor>& cores, const at::Tensor& x,
                     const at::Tensor& bias, const TTLinearOptions& options) {
  const auto modes = modes_of(cores);
  const auto ins = modes.ins(0, cores.size()), outs = modes.outs(0, cores.size());
  base::require(x.dim() >= 1 && x.size(-1) == ins, "a tensor-train weight takes {} inputs, not {}",
                ins, x.dim() >= 1 ? x.size(-1) : 0);
  const auto rows = x.reshape({-1, ins}).to(cores.front().scalar_type()).contiguous();
  const bool training = needs_gradient(cores, x, bias);
  const auto schedule = options.schedule ? *options.schedule
                                         : tt_linear_schedule(cores, rows.size(0), training,
                                                              options.keep, options.order);
  at::Tensor y;
  if (rows.size(0) == 0) {
    y = base::linear(rows, dense_matrix(cores), bias);
  } else if (training) {
    const auto given = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
    y = DifferentiableApplication::apply(schedule, rows, given, at::TensorList(cores));
  } else {
    y = apply_schedule(schedule, cores, rows, bias, false).y;
  }
  auto sizes = x.sizes().vec();
  sizes.back() = outs;
  return y.reshape(sizes);
}

}  // namespace ranklens::tn
