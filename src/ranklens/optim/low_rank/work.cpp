#include "ranklens/optim/low_rank/work.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>
#include <ATen/record_function.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/base/scopes.h"
#include "ranklens/optim/low_rank/bases.h"
#include "ranklens/optim/low_rank/methods.h"
#include "ranklens/optim/low_rank/work_forms.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

using Method = LowRankOptions::Method;

/// What the log says of bases after a step.
double measured_drift(const at::Tensor& u, const at::Tensor& v, std::int64_t number) {
  return std::max(distance_from_identity(u, number), distance_from_identity(v, number));
}

/// As it is stored.
template <class Point>
Point with_contiguous_bases(Point point) {
  point.u = point.u.contiguous();
  point.v = point.v.contiguous();
  return point;
}

template <class Form>
class WorkOf final : public Work {
 public:
  using Point = typename Form::Point;
  using Known = typename Form::Known;

  WorkOf(typename Form::Layer layer, const LowRankOptions& options, Remembered& memory,
         const StepAt& at)
      : layer_(std::move(layer)),
        options_(options),
        memory_(memory),
        number_(at.number),
        integrator_(Form::integrator(options)),
        step_{.start = layer_.point, .point = layer_.point, .size = at.size} {
    // A weight that came back with other ranks begins anew.
    if (!memory_.core.fits(Form::core(step_.start)) || !Form::tangent(memory_).fits(step_.start))
      memory_ = {};
    if (keeps_uses()) uses_ = std::make_shared<Uses>();
    if (options_.reject > 0) tangent_before_ = Form::tangent(memory_);
    if (!has_core_moments(options)) return;
    step_.move_core = [this](const at::Tensor& core, const at::Tensor& gradient, double rate) {
      memory_.core.widen(core.size(0), core.size(1));
      return memory_.core.step(options_.rule, core, gradient, rate);
    };
  }

  const std::string& name() const override { return layer_.name; }
  std::int64_t numbers() const override { return Form::numbers(layer_, layer_.point); }
  void allow(std::int64_t numbers) override { allowed_ = numbers; }
  bool again() const override { return again_; }

  nn::Weight probe(std::size_t which) override {
    if (uses_) uses_->clear();
    // Others may make their step again: for them this weight is still where it was.
    if (accepted_) {
      probe_ = form_.probe_of(layer_, step_.start, nullptr, Reads::all);
    } else {
      probe_ = form_.probe_of(layer_, step_.point, which == 0 ? uses_ : nullptr, reads(which));
    }
    return probe_;
  }

  void stage(std::size_t which, const std::map<std::string, at::Tensor>& gradients,
             double scale) override {
    if (accepted_) return;
    std::array<at::Tensor, 3> slots;
    const auto factors = probe_->factors();
    const std::size_t first = factors.size() == slots.size() ? 0 : 1;  // the core alone
    for (std::size_t k = 0; k < factors.size(); ++k) {
      const auto& found = gradients.at(nn::factor_name(layer_.name, factors[k].name));
      // Contiguous, as a checkpoint gives back what becomes of them: strides reach the last bits.
      slots.at(first + k) =
          found.defined() ? found.contiguous() : at::zeros_like(factors[k].tensor);
    }
    Known known = form_.known(slots, uses_ ? *uses_ : Uses{}, scale);
    if (which == 0 && uses_ && uses_->empty()) known.between = nothing_between();
    const auto direction = directed(which, known);
    const double size = std::exchange(step_.size, step_.size * direction.factor);
    integrator_.stages[which](step_, direction.along);
    step_.size = size;
    if (options_.reject > 0) judge(known);
    if (uses_) uses_->clear();
  }

  std::int64_t dense_numbers() const override { return c10::multiply_integers(layer_.shape); }

  at::Tensor finite() const override { return Form::core(step_.point).isfinite().all(); }

  Budgeted least() const override {
    const bool grows = integrator_.augments && !is_held(options_.schedule, number_);
    Budgeted found = integrator_.augments ? Form::budgeted(layer_, step_.point, {}) : Budgeted{};
    const auto now = Form::ranks(step_.point), most = Form::most_ranks(layer_, policy_now().floor);
    for (std::size_t k = 0; k < found.modes.size(); ++k) {
      found.modes[k].rank = found.modes[k].floor =
          std::min(most.at(k), grows ? most.at(k) : now.at(k));
    }
    return found;
  }

  Budgeted ranks() override {
    const auto& rule = options_.rule;
    if (!has_core_moments(options_) && rule.kind == CoreRule::Kind::adam) {
      auto& core = Form::core(step_.point);
      core = core * std::pow(1 - step_.size * rule.weight_decay, core_steps());
    }
    if (!integrator_.augments) return {};
    values_ = Form::values(step_.point);
    Budgeted found = Form::budgeted(layer_, step_.point, values_);
    const auto at_start = Form::ranks(step_.start);
    const auto policy = Form::policy(policy_now());
    const bool stays = is_held(options_.schedule, number_);
    for (std::size_t k = 0; k < found.modes.size(); ++k) {
      auto& mode = found.modes[k];
      const auto most = mode.values.size(0);
      mode.rank = stays ? std::min(at_start.at(k), most) : rank_for(mode.values, policy);
      mode.floor = std::min({policy.floor, most, mode.rank});
    }
    return found;
  }

  nn::Weight finish(const Budgeted& ranks, bool again,
                    std::map<std::string, double>& observed) override {
    const auto found = integrator_.augments ? Form::cut_down(step_.point, values_, ranks)
                                            : CutDown<Point>{with_contiguous_bases(step_.point)};
    if (integrator_.augments) memory_.core.turn(found.left, found.right);
    // Bases stay what they were but for rounding, and so do the coordinates of momentum.
    const Point last = again ? orthonormal(found.point) : found.point;
    carry_momentum(found, last, again);
    const auto kept = Form::ranks(last);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      observed["rank/" + layer_.name + Form::kModes.at(k)] = static_cast<double>(kept.at(k));
    }
    observed["params/" + layer_.name] = static_cast<double>(Form::numbers(layer_, last));
    observed["cut/" + layer_.name] = found.share;
    const double drift = measured_drift(found.point.u, found.point.v, number_);
    observed["drift/" + layer_.name] = drift;
    memory_.bases = {};
    if (!again && drift < kOrthonormal) memory_.bases = {found.point.u, found.point.v};
    if (options_.reject > 0) observed["rejected/" + layer_.name] = static_cast<double>(rejected_);
    return weight_of(layer_, last);
  }

 private:
  void carry_momentum(const CutDown<Point>& found, const Point& last, bool again) {
    RECORD_USER_SCOPE(base::momentum_scope);
    auto& moments = Form::tangent(memory_);
    if (again) {
      moments.transport(integrator_.evaluates_at_end ? found.point : step_.start, last);
    } else if (!integrator_.evaluates_at_end) {
      Form::transport(moments, step_, integrator_.widens, found);
    }
  }

  // Inputs and gradients of outputs are kept where the gradient between other bases is asked for,
  // or where they may be fewer columns than the rank and nothing else augments the bases.
  bool keeps_uses() const {
    switch (options_.method) {
      case Method::bug:
        return true;
      case Method::augmented_bug:
      case Method::parallel_bug:
        return options_.reject > 0 || (Form::may_span_less(layer_) && spans_the_gradient());
      default:
        return false;
    }
  }

  // Whether bases grow by the span of the gradient itself: momentum spans more.
  bool spans_the_gradient() const {
    return has_core_moments(options_) || kept_momentum(options_.rule) == 0;
  }

  // Moments of a whole weight take up the mean square of all of its gradient.
  Reads reads(std::size_t which) const {
    const bool takes_squares =
        !has_core_moments(options_) && options_.rule.kind == CoreRule::Kind::adam;
    return takes_squares ? Reads::all : integrator_.stages[which].reads;
  }

  Direction<Known> directed(std::size_t which, const Known& known) {
    if (has_core_moments(options_)) return {known};
    RECORD_USER_SCOPE(base::momentum_scope);
    const auto& rule = options_.rule;
    const bool coupled = rule.kind == CoreRule::Kind::sgd && rule.weight_decay > 0;
    const Known whole = coupled ? Form::with_decay(known, step_.point, rule.weight_decay) : known;
    auto& moments = Form::tangent(memory_);
    if (which > 0) {
      const auto moved = [&](const Known& before) {
        return Form::seen_at(before, step_, integrator_.widens, integrator_.stages[which].reads);
      };
      const bool last = which + 1 == integrator_.stages.size();
      return last && integrator_.evaluates_at_end ? moments.direction_at_end(rule, whole, moved)
                                                  : moments.direction_at(rule, whole, moved);
    }
    auto direction = moments.direction(rule, whole);
    if (known.between && (coupled || !direction.along.between)) {
      Form::look_between(direction.along, known, taken_up(rule), step_.start);
    }
    return direction;
  }

  // Other tensors make a step as often, and decay in each.
  int core_steps() const { return options_.method == Method::bug ? options_.core_steps : 1; }

  // Of a weight that no backward pass has come by: the loss does not depend on it.
  auto nothing_between() const {
    return [core = Form::core(step_.start)](const at::Tensor& left, const at::Tensor& right) {
      auto sizes = core.sizes().vec();
      sizes[0] = left.size(1), sizes[1] = right.size(1);
      return core.new_zeros(sizes);
    };
  }

  RankPolicy policy_now() const {
    return policy_for(options_.ranks, options_.schedule, layer_.name, number_);
  }

  void judge(const Known& known) {
    again_ = false, accepted_ = true;
    if (!finite().template item<bool>()) return;  // the whole step will be refused
    const auto left = added(step_.point.u, step_.start.u),
               right = added(step_.point.v, step_.start.v);
    again_ = may_grow() && (leaves_out_much(known, left, right) || cuts_nothing());
    accepted_ = !again_;
    if (!again_) return;
    ++rejected_;
    const Point wide = widened(step_.start, left, right);
    auto& moments = Form::tangent(memory_);
    moments = tangent_before_;
    moments.transport(step_.start, wide);
    tangent_before_ = moments;
    step_.start = step_.point = wide;
  }

  // The columns of a basis that another, with which it begins, lacks.
  static at::Tensor added(const at::Tensor& basis, const at::Tensor& start) {
    return basis.narrow(1, start.size(1), basis.size(1) - start.size(1));
  }

  bool may_grow() const {
    if (is_held(options_.schedule, number_)) return false;
    if (Form::numbers(layer_, step_.start) >= allowed_) return false;
    const auto before = Form::ranks(step_.start), now = Form::ranks(step_.point);
    const auto cap = policy_now().cap;
    for (std::size_t k = 0; k < now.size(); ++k) {
      if (now.at(k) > before.at(k) && before.at(k) < cap) return true;
    }
    return false;
  }

  // Between the new directions, where the step has nothing, the field is that of the gradient:
  // momentum and the weight's decay lie in the tangent space.
  bool leaves_out_much(const Known& known, const at::Tensor& left, const at::Tensor& right) const {
    if (left.size(1) == 0 || right.size(1) == 0) return false;
    const auto policy = policy_now();
    const double corner =
        Form::tangent(memory_).gain(options_.rule) * tn::frobenius(known.between(left, right));
    const double bound =
        policy.tau * (policy.absolute ? 1 : tn::frobenius(Form::core(step_.point)));
    return step_.size * corner > options_.reject * bound;
  }

  bool cuts_nothing() const {
    if (Form::numbers(layer_, step_.point) > allowed_) return false;
    const auto policy = Form::policy(policy_now());
    for (const auto& values : Form::by_mode(Form::values(step_.point))) {
      if (rank_for(values, policy) < values.size(0)) return false;
    }
    return true;
  }

  typename Form::Layer layer_;
  const LowRankOptions& options_;
  Remembered& memory_;
  std::int64_t number_;
  IntegratorOf<Point, Known> integrator_;
  StepOf<Point> step_;
  Form form_ = {};
  nn::Weight probe_ = {};
  std::shared_ptr<Uses> uses_ = {};
  typename Form::Values values_ = {};
  /// Of a step that may be rejected: what it began with, and how it stands.
  typename Form::Moments tangent_before_ = {};
  bool again_ = false, accepted_ = false;
  std::int64_t allowed_ = std::numeric_limits<std::int64_t>::max();
  int rejected_ = 0;
};

[[noreturn]] void refuse(const nn::State& state, const LowRankOptions& options) {
  const auto method = to_string(options.method);
  base::require(tucker_layers(state).empty(),
                "{} moves matrices, and all weights in factors of this network are convolutions in "
                "Tucker form: bug, augmented_bug, parallel_bug, fixed_bug and core move those",
                method);
  base::fail(
      "{} trains weights of low rank, and this network has none that is trainable: give layers a "
      "weight such as low_rank(r=20), or tucker(r=16x16) in a convolution (--layers; of a network "
      "that is trained: ranklens compress)",
      method);
}

}  // namespace

std::vector<std::unique_ptr<Work>> works_of(const nn::State& state, const LowRankOptions& options,
                                            std::map<std::string, Remembered>& remembered,
                                            const StepAt& at) {
  std::vector<std::unique_ptr<Work>> works;
  const auto add = [&]<class Form>(const Form&, auto layers) {
    for (auto& layer : layers) {
      auto& memory = remembered[layer.name];
      works.push_back(std::make_unique<WorkOf<Form>>(std::move(layer), options, memory, at));
    }
  };
  const auto known = [&](const std::string& name, const at::Tensor& u, const at::Tensor& v) {
    const auto found = remembered.find(name);
    if (found == remembered.end()) return false;
    const auto& seen = found->second.bases;
    // After a loaded state the step before measures again what it measured: the same bits go on.
    if (at.number > 1 && seen.is_empty()) return measured_drift(u, v, at.number - 1) < kOrthonormal;
    return seen.are(u, v);
  };
  add(MatrixForm{}, low_rank_layers(state, known));
  if (!tucker_integrator_for(options).stages.empty()) add(TuckerForm{}, tucker_layers(state));
  if (works.empty()) refuse(state, options);
  return works;
}

}  // namespace ranklens::optim
