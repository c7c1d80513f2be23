#include "ranklens/tn/linear/tangent_linear.h"

#include <optional>

#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/tn/linear/application.h"
#include "ranklens/tn/linear/application_cost.h"
#include "ranklens/tn/linear/kept_states.h"

namespace ranklens::tn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// What a call is made of besides tensors of the graph.
struct TangentCall : torch::CustomClassHolder {
  TangentCall(OrthogonalForms given, Schedule planned)
      : point(std::move(given)), schedule(std::move(planned)) {}

  /// The form that x goes through, and the one that gradients come back through.
  const std::vector<at::Tensor>& forth() const {
    return schedule.steps.front().from_left ? point.left : point.right;
  }
  const std::vector<at::Tensor>& back() const {
    return schedule.steps.front().from_left ? point.right : point.left;
  }
  /// What lies between the steps cannot be computed again from the cores of the way back.
  bool has_states() const { return !schedule.rebuild && schedule.steps.size() > 1; }

  OrthogonalForms point;
  Schedule schedule;
};

/// The same order with all that lies between its steps kept.
Schedule keeping_all(Schedule schedule) {
  schedule.stored.assign(schedule.panels ? 1 : schedule.steps.size() - 1, true);
  return schedule;
}

/// The cheapest order from one end; its states are kept if they may be.
Schedule planned(const std::vector<at::Tensor>& cores, std::int64_t batch,
                 const TTLinearOptions& options) {
  const auto keep = options.keep;
  const auto order = options.order == Order::any ? Order::one_way : options.order;
  auto schedule = tt_linear_schedule(cores, batch, true, keep, order);
  if (schedule.rebuild || keep == KeepStates::low_memory) return schedule;
  auto all = keeping_all(schedule);
  const auto cost = schedule_cost(modes_of(cores), all, batch,
                                  static_cast<std::int64_t>(cores.front().element_size()), true);
  return cost.kept <= state_allowance() ? all : schedule;
}

bool is_one_way(const Schedule& schedule) {
  for (std::size_t k = 1; k + 1 < schedule.steps.size(); ++k) {
    if (schedule.steps[k].from_left != schedule.steps[0].from_left) return false;
  }
  return true;
}

struct TangentApplication : torch::autograd::Function<TangentApplication> {
  static at::Tensor forward(AutogradContext* context, const c10::intrusive_ptr<TangentCall>& call,
                            const at::Tensor& x, const std::optional<at::Tensor>& bias,
                            at::TensorList /*parts*/) {
    const auto& schedule = call->schedule;
    auto [y, kept] = apply_schedule(schedule, call->forth(), x, bias.value_or(at::Tensor()), true);
    tensor_list saved{x};
    saved.insert(saved.end(), kept.begin(), kept.end());
    context->save_for_backward(saved);
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["call"] = c10::IValue::make_capsule(call);
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto call =
        c10::dynamic_intrusive_pointer_cast<TangentCall>(context->saved_data["call"].toCapsule());
    const auto& x = saved.front();
    const auto dy = gradients[0].contiguous();
    std::vector<at::Tensor> kept(saved.begin() + 1, saved.end());
    auto schedule = call->schedule;
    if (call->has_states()) {
      schedule = keeping_all(schedule);
      if (!(schedule == call->schedule))
        kept = apply_schedule(schedule, call->forth(), x, {}, true).kept;
    }
    const BackwardCores cores(call->back(), {call->point.left, call->point.right});
    const auto found = apply_backward(schedule, cores, x, dy, kept, x.requires_grad());
    const bool bias = context->saved_data["bias"].toBool();
    // One for each argument: the call, x, the bias, the parts.
    tensor_list result{at::Tensor(), found.x, bias ? dy.sum(0) : at::Tensor()};
    result.insert(result.end(), found.cores.begin(), found.cores.end());
    return result;
  }
};

}  // namespace

at::Tensor tangent_linear(const OrthogonalForms& point, const std::vector<at::Tensor>& parts,
                          const at::Tensor& x, const at::Tensor& bias,
                          const TTLinearOptions& options) {
  const auto& cores = point.left;
  base::require(
      !cores.empty() && point.right.size() == cores.size() && parts.size() == cores.size(),
      "two forms of a train and its tangent vectors have one core for each other");
  const auto modes = modes_of(cores);
  const auto ins = modes.ins(0, cores.size()), outs = modes.outs(0, cores.size());
  base::require(x.dim() >= 1 && x.size(-1) == ins, "a tensor-train weight takes {} inputs, not {}",
                ins, x.dim() >= 1 ? x.size(-1) : 0);
  const auto rows = x.reshape({-1, ins}).to(cores.front().scalar_type()).contiguous();
  auto sizes = x.sizes().vec();
  sizes.back() = outs;
  if (rows.size(0) == 0) return base::linear(rows, dense_matrix(cores), bias).reshape(sizes);
  const auto given = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
  auto schedule = options.schedule ? *options.schedule : planned(cores, rows.size(0), options);
  // The matrix of the way forth would be kept for the way back, where it may be another.
  if (schedule.rebuild && options.order == Order::from_left)
    schedule.stored.assign(schedule.stored.size(), false);
  base::require(is_one_way(schedule),
                "parts of a tangent vector need an order from one end, not: {}",
                describe(schedule));
  auto call = c10::make_intrusive<TangentCall>(point, schedule);
  return TangentApplication::apply(call, rows, given, at::TensorList(parts)).reshape(sizes);
}

}  // namespace ranklens::tn
