#include "ranklens/optim/low_rank/optimiser.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/low_rank/budget.h"
#include "ranklens/optim/sgd.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

using Method = LowRankOptions::Method;

Integrator integrator_for(const LowRankOptions& options) {
  switch (options.method) {
    case Method::bug:
      return two_pass_bug(options.core_steps);
    case Method::augmented_bug:
      return augmented_bug();
    case Method::fixed_bug:
      return fixed_rank_bug();
    case Method::parallel_bug:
      return parallel_bug();
    case Method::psi:
      return projector_splitting();
    case Method::abc_psi:
      return abc_projector_splitting();
    case Method::core:
      return core_alone();
  }
  return {};
}

std::unique_ptr<GradientOptimiser> dense_rule(const LowRankOptions& options) {
  const auto& rule = options.rule;
  if (rule.kind == CoreRule::Kind::sgd) {
    return std::make_unique<Sgd>(
        SgdOptions{.lr = options.lr, .momentum = rule.momentum, .weight_decay = rule.weight_decay});
  }
  return std::make_unique<Adam>(AdamOptions{.lr = options.lr,
                                            .beta1 = rule.beta1,
                                            .beta2 = rule.beta2,
                                            .eps = rule.eps,
                                            .weight_decay = rule.weight_decay,
                                            .decoupled = true});
}

// Whether the core moves by itself, with moments of its own; otherwise the gradient is replaced by
// a direction on the tangent space.
bool moves_core(Method method) {
  return method == Method::bug || method == Method::augmented_bug || method == Method::fixed_bug ||
         method == Method::core;
}

std::map<std::string, at::Tensor> by_name(std::vector<nn::NamedTensor>&& tensors) {
  std::map<std::string, at::Tensor> found;
  for (auto& one : tensors) found[one.name] = std::move(one.tensor);
  return found;
}

void decay(Step& step, double rate) { step.point.s = step.point.s * (1 - rate); }

}  // namespace

LowRankOptimiser::LowRankOptimiser(LowRankOptions options)
    : options_(std::move(options)),
      integrator_(integrator_for(options_)),
      dense_(dense_rule(options_)) {}

bool LowRankOptimiser::moves_dense(std::size_t which) const {
  return options_.method == Method::bug || which + 1 == integrator_.stages.size();
}

std::vector<LowRankOptimiser::Work> LowRankOptimiser::begin(nn::State& state, double size) {
  std::vector<Work> work;
  const bool keep = options_.method == Method::bug;
  for (auto& layer : low_rank_layers(state)) {
    Work one{.layer = layer, .step = {.start = layer.matrix, .point = layer.matrix, .size = size}};
    if (keep) one.uses = std::make_shared<Uses>();
    if (moves_core(options_.method)) {
      CoreMoments& moments = remembered_[layer.name].core;
      one.step.move_core = [&moments, this](const at::Tensor& core, const at::Tensor& gradient,
                                            double rate) {
        moments.widen(core.size(0), core.size(1));
        return moments.step(options_.rule, core, gradient, rate);
      };
    }
    work.push_back(std::move(one));
  }
  base::require(!work.empty(),
                "{} trains weights of low rank, and this network has none that is trainable: give "
                "layers a weight such as low_rank(r=20)",
                to_string(options_.method));
  if (steps_ == 0) {
    std::vector<std::string> names;
    for (const auto& one : work) names.push_back(one.layer.name);
    require_matched(options_.schedule.layers, std::move(names));
  }
  return work;
}

Gradient LowRankOptimiser::directed(const Work& work, const Gradient& gradient) {
  if (moves_core(options_.method)) return gradient;
  auto& tangent = remembered_[work.layer.name].tangent;
  if (options_.method == Method::parallel_bug) return tangent.direction(options_.rule, gradient);
  return gradient;
}

double LowRankOptimiser::stage(std::size_t which, std::vector<Work>& work, nn::State& state,
                               Objective& objective, double rate) {
  nn::State probed = state;
  for (const auto& name : state.names()) {
    nn::Entry entry = state.at(name);
    if (entry.buffer || !entry.trainable) continue;
    entry.trainable = moves_dense(which);
    probed.set(name, entry);
  }
  for (auto& one : work) {
    if (one.uses) one.uses->clear();
    const bool first = which == 0;
    probed.set(one.layer.name,
               {.weight = probe(one.layer.shape, one.step.point, first ? one.uses : nullptr)});
  }
  Gradients found = objective.loss_and_gradients(probed, {"factors"});
  if (!std::isfinite(found.loss)) return found.loss;
  auto gradients = by_name(std::move(found.gradients));
  const at::NoGradGuard no_gradients;
  for (auto& one : work) {
    const auto part = [&](const char* factor, const at::Tensor& like) {
      const auto& tensor = gradients.at(one.layer.name + "." + factor);
      return tensor.defined() ? tensor : at::zeros_like(like);
    };
    const auto& [u, s, v] = one.step.point;
    const auto gradient =
        probed_gradient(part("dK", u.new_zeros({u.size(0), s.size(1)})), part("dS", s),
                        part("dL", v.new_zeros({v.size(0), s.size(0)})),
                        one.uses ? *one.uses : Uses{}, found.scale);
    integrator_.stages[which](one.step, directed(one, gradient));
    if (one.uses) one.uses->clear();
  }
  if (moves_dense(which)) {
    std::vector<nn::NamedTensor> tensors;
    std::vector<at::Tensor> moves;
    for (const auto& tensor : state.trainable()) {
      const auto gradient = gradients.find(tensor.name);
      if (gradient == gradients.end()) continue;  // a factor of a low-rank weight
      tensors.push_back(tensor);
      moves.push_back(gradient->second);
    }
    dense_->update(tensors, moves, rate);
  }
  return found.loss;
}

std::int64_t LowRankOptimiser::rank_after(const Work& work, const at::Tensor& values) const {
  const auto rank = work.layer.matrix.rank();
  if (!integrator_.augments) return rank;
  if (is_held(options_.schedule, steps_)) return std::min(rank, values.size(0));
  return rank_for(values, policy_for(options_.ranks, options_.schedule, work.layer.name, steps_));
}

void LowRankOptimiser::end(std::vector<Work>& work, nn::State& state) {
  const at::NoGradGuard no_gradients;
  std::vector<CoreValues> cores;
  std::vector<Budgeted> ranks;
  for (auto& one : work) {
    if (!moves_core(options_.method)) decay(one.step, one.step.size * options_.rule.weight_decay);
    cores.push_back(singular_values(one.step.point.s));
    const auto& values = cores.back().values;
    ranks.push_back(
        {.values = values,
         .rank = rank_after(one, values),
         .floor = std::min({options_.ranks.floor, values.size(0), rank_after(one, values)}),
         .per_rank = one.step.point.u.size(0) + one.step.point.v.size(0)});
  }
  if (options_.budget > 0) fit_budget(ranks, options_.budget);
  const bool again =
      options_.orthonormalise_every > 0 && steps_ % options_.orthonormalise_every == 0;
  for (std::size_t k = 0; k < work.size(); ++k) {
    auto& one = work[k];
    auto& memory = remembered_[one.layer.name];
    Truncated found = cut(one.step.point, cores[k], ranks[k].rank);
    if (options_.method == Method::fixed_bug) {
      memory.core.turn(at::matmul(one.step.start.u.t(), found.matrix.u),
                       at::matmul(one.step.start.v.t(), found.matrix.v));
    } else {
      memory.core.turn(found.left, found.right);
    }
    memory.tangent.transport(one.step.start, found.matrix);
    const auto& name = one.layer.name;
    observed_["rank/" + name] = static_cast<double>(found.matrix.rank());
    observed_["cut/" + name] = found.discarded / tn::frobenius(found.values);
    observed_["drift/" + name] = orthogonality_error(found.matrix);
    if (again) found.matrix = orthonormal(found.matrix);
    state.replace(name, weight_of(one.layer.shape, found.matrix));
  }
}

double LowRankOptimiser::step(nn::State& state, Objective& objective, double rate) {
  auto work = begin(state, options_.lr * rate);
  // What moves in place must come back should a later evaluation fail.
  const bool several = integrator_.stages.size() > 1 && moves_dense(0);
  const nn::State before = several ? state.clone() : state;
  double first = 0;
  for (std::size_t which = 0; which < integrator_.stages.size(); ++which) {
    const double loss = stage(which, work, state, objective, rate);
    if (!std::isfinite(loss)) {
      state = before;
      return loss;
    }
    if (which == 0) first = loss;
  }
  ++steps_;
  end(work, state);
  return first;
}

std::map<std::string, at::Tensor> LowRankOptimiser::save() const {
  auto saved = dense_->save();
  for (const auto& [name, memory] : remembered_) {
    for (const auto& [quantity, tensor] : memory.core.save()) {
      saved[fmt::format("core:{}/{}", name, quantity)] = tensor;
    }
    for (const auto& [quantity, tensor] : memory.tangent.save()) {
      saved[fmt::format("tangent:{}/{}", name, quantity)] = tensor;
    }
  }
  saved["low_rank/steps"] = at::scalar_tensor(steps_, at::kLong);
  return saved;
}

void LowRankOptimiser::load(const std::map<std::string, at::Tensor>& saved) {
  std::map<std::string, at::Tensor> dense;
  std::map<std::string, std::map<std::string, at::Tensor>> cores, tangents;
  for (const auto& [full, tensor] : saved) {
    const auto slash = full.rfind('/');
    base::require(slash != std::string::npos, "'{}' is no quantity of an optimiser", full);
    const std::string quantity = full.substr(slash + 1);
    if (full == "low_rank/steps") {
      steps_ = tensor.item<std::int64_t>();
    } else if (full.starts_with("core:")) {
      cores[full.substr(5, slash - 5)][quantity] = tensor;
    } else if (full.starts_with("tangent:")) {
      tangents[full.substr(8, slash - 8)][quantity] = tensor;
    } else {
      dense[full] = tensor;
    }
  }
  dense_->load(dense);
  remembered_.clear();
  for (const auto& [name, quantities] : cores) remembered_[name].core.load(quantities);
  for (const auto& [name, quantities] : tangents) remembered_[name].tangent.load(quantities);
}

}  // namespace ranklens::optim
