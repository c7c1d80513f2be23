#include "ranklens/optim/low_rank/work.h"

#include <algorithm>
#include <array>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/layers.h"
#include "ranklens/optim/low_rank/methods.h"
#include "ranklens/optim/low_rank/probe_tucker.h"
#include "ranklens/optim/low_rank/tucker_truncate.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

using Method = LowRankOptions::Method;

/// A point after its truncation.
template <class Point>
struct CutDown {
  Point point;
  at::Tensor left, right;  ///< what the bases were multiplied by
  double share = 0;        ///< of the norm, cut off
};

double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// What of the work is a matrix's own.
struct MatrixForm {
  using Layer = LowRankLayer;
  using Point = LowRank;
  using Known = Gradient;
  using Values = CoreValues;
  static constexpr std::array<const char*, 1> kModes{""};

  static Integrator integrator(const LowRankOptions& options) { return integrator_for(options); }
  static TangentMoments& tangent(Remembered& memory) { return memory.tangent; }
  static at::Tensor& core(Point& point) { return point.s; }
  static Values values(const Point& point) { return singular_values(point.s); }
  static RankPolicy policy(const RankPolicy& whole) { return whole; }
  static std::array<std::int64_t, 1> ranks(const Point& point) { return {point.rank()}; }

  static Budgeted budgeted(const Layer& layer, const Point& point, const Values& values) {
    return {.modes = {{.values = values.values, .per_rank = point.u.size(0) + point.v.size(0)}},
            .per_pair = layer.tucker ? 1 : 0};
  }
  static CutDown<Point> cut_down(const Point& point, const Values& values, const Budgeted& ranks) {
    const auto found = cut(point, values, ranks.modes[0].rank);
    return {found.matrix, found.left, found.right,
            share_of(found.discarded, tn::frobenius(found.values))};
  }
  static nn::Weight probe_of(const Layer& layer, const Point& point,
                             const std::shared_ptr<Uses>& uses) {
    return probe(layer.shape, point, uses);
  }
  static Known known(const std::array<at::Tensor, 3>& slots, const Uses& uses, double scale) {
    return probed_gradient(slots[0], slots[1], slots[2], uses, scale);
  }
};

/// What of it is a kernel's own.
struct TuckerForm {
  using Layer = TuckerLayer;
  using Point = TuckerKernel;
  using Known = TuckerGradient;
  using Values = TuckerValues;
  static constexpr std::array<const char*, 2> kModes{".out", ".in"};

  static TuckerIntegrator integrator(const LowRankOptions& options) {
    return tucker_integrator_for(options);
  }
  static TuckerTangentMoments& tangent(Remembered& memory) { return memory.tucker_tangent; }
  static at::Tensor& core(Point& point) { return point.core; }
  static Values values(const Point& point) { return mode_values(point.core); }
  static RankPolicy policy(const RankPolicy& whole) { return for_one_mode(whole); }
  static std::array<std::int64_t, 2> ranks(const Point& point) {
    return {point.core.size(0), point.core.size(1)};
  }

  static Budgeted budgeted(const Layer&, const Point& point, const Values& values) {
    return {.modes = {{.values = values.out, .per_rank = point.u.size(0)},
                      {.values = values.in, .per_rank = point.v.size(0)}},
            .per_pair = point.core.numel() / (point.core.size(0) * point.core.size(1))};
  }
  static CutDown<Point> cut_down(const Point& point, const Values& values, const Budgeted& ranks) {
    const auto found = cut(point, values, {ranks.modes[0].rank, ranks.modes[1].rank});
    return {found.kernel, found.left, found.right, share_of(found.discarded, found.norm)};
  }
  nn::Weight probe_of(const Layer& layer, const Point& point, const std::shared_ptr<Uses>& uses) {
    rows = core_rows(point.core);
    return probe(layer.shape, point, rows, uses);
  }
  Known known(const std::array<at::Tensor, 3>& slots, const Uses& uses, double scale) const {
    return probed_gradient(rows, slots[0], slots[1], slots[2], uses, scale);
  }

  CoreRows rows = {};  ///< of the last probe
};

template <class Form>
class WorkOf final : public Work {
 public:
  using Point = typename Form::Point;
  using Known = typename Form::Known;

  WorkOf(typename Form::Layer layer, const LowRankOptions& options, Remembered& memory, double size)
      : layer_(std::move(layer)),
        options_(options),
        memory_(memory),
        integrator_(Form::integrator(options)),
        step_{.start = layer_.point, .point = layer_.point, .size = size} {
    if (options.method == Method::bug) uses_ = std::make_shared<Uses>();
    if (!moves_core(options.method)) return;
    step_.move_core = [this](const at::Tensor& core, const at::Tensor& gradient, double rate) {
      memory_.core.widen(core.size(0), core.size(1));
      return memory_.core.step(options_.rule, core, gradient, rate);
    };
  }

  const std::string& name() const override { return layer_.name; }

  nn::Weight probe(std::size_t which) override {
    if (uses_) uses_->clear();
    probe_ = form_.probe_of(layer_, step_.point, which == 0 ? uses_ : nullptr);
    return probe_;
  }

  void stage(std::size_t which, const std::map<std::string, at::Tensor>& gradients,
             double scale) override {
    std::array<at::Tensor, 3> slots;
    const auto factors = probe_->factors();
    for (std::size_t k = 0; k < slots.size(); ++k) {
      const auto& found = gradients.at(nn::factor_name(layer_.name, factors[k].name));
      // Contiguous, as a checkpoint gives back what becomes of them: strides reach the last bits.
      slots[k] = found.defined() ? found.contiguous() : at::zeros_like(factors[k].tensor);
    }
    const Known known = form_.known(slots, uses_ ? *uses_ : Uses{}, scale);
    // These bases replace those of the start, in which the moments are written.
    if (options_.method == Method::fixed_bug && which == 1) {
      const auto &from = step_.start, &to = step_.point;
      memory_.core.turn(at::matmul(from.u.t(), to.u), at::matmul(from.v.t(), to.v));
    }
    integrator_.stages[which](step_, directed(known));
    if (uses_) uses_->clear();
  }

  Budgeted ranks(std::int64_t step) override {
    if (!moves_core(options_.method)) {
      auto& core = Form::core(step_.point);
      core = core * (1 - step_.size * options_.rule.weight_decay);
    }
    values_ = Form::values(step_.point);
    Budgeted found = Form::budgeted(layer_, step_.point, values_);
    const auto at_start = Form::ranks(step_.start);
    const auto policy =
        Form::policy(policy_for(options_.ranks, options_.schedule, layer_.name, step));
    const bool stays = !integrator_.augments || is_held(options_.schedule, step);
    for (std::size_t k = 0; k < found.modes.size(); ++k) {
      auto& mode = found.modes[k];
      const auto most = mode.values.size(0);
      mode.rank = stays ? std::min(at_start.at(k), most) : rank_for(mode.values, policy);
      mode.floor = std::min({options_.ranks.floor, most, mode.rank});
    }
    return found;
  }

  nn::Weight finish(const Budgeted& ranks, bool again,
                    std::map<std::string, double>& observed) override {
    const auto found = Form::cut_down(step_.point, values_, ranks);
    memory_.core.turn(found.left, found.right);
    // Bases stay what they were but for rounding, and so do the coordinates of momentum.
    const Point last = again ? orthonormal(found.point) : found.point;
    Form::tangent(memory_).transport(step_.start, last);
    const auto kept = Form::ranks(last);
    for (std::size_t k = 0; k < kept.size(); ++k) {
      observed["rank/" + layer_.name + Form::kModes.at(k)] = static_cast<double>(kept.at(k));
    }
    observed["cut/" + layer_.name] = found.share;
    observed["drift/" + layer_.name] = orthogonality_error(found.point);
    return weight_of(layer_, last);
  }

 private:
  Known directed(const Known& known) {
    if (options_.method != Method::parallel_bug) return known;
    return Form::tangent(memory_).direction(options_.rule, known);
  }

  typename Form::Layer layer_;
  const LowRankOptions& options_;
  Remembered& memory_;
  IntegratorOf<Point, Known> integrator_;
  StepOf<Point> step_;
  Form form_ = {};
  nn::Weight probe_ = {};
  std::shared_ptr<Uses> uses_ = {};
  typename Form::Values values_ = {};
};

[[noreturn]] void refuse(const nn::State& state, const LowRankOptions& options) {
  const auto method = to_string(options.method);
  base::require(tucker_layers(state).empty(),
                "{} moves matrices, and all weights in factors of this network are convolutions in "
                "Tucker form: bug, augmented_bug, parallel_bug, fixed_bug and core move those",
                method);
  base::fail(
      "{} trains weights of low rank, and this network has none that is trainable: give layers a "
      "weight such as low_rank(r=20), or tucker(r=16x16) in a convolution",
      method);
}

}  // namespace

std::vector<std::unique_ptr<Work>> works_of(const nn::State& state, const LowRankOptions& options,
                                            std::map<std::string, Remembered>& remembered,
                                            double size) {
  std::vector<std::unique_ptr<Work>> works;
  const auto add = [&]<class Form>(Form, auto layers) {
    for (auto& layer : layers) {
      auto& memory = remembered[layer.name];
      works.push_back(std::make_unique<WorkOf<Form>>(std::move(layer), options, memory, size));
    }
  };
  add(MatrixForm{}, low_rank_layers(state));
  if (!tucker_integrator_for(options).stages.empty()) add(TuckerForm{}, tucker_layers(state));
  if (works.empty()) refuse(state, options);
  return works;
}

}  // namespace ranklens::optim
