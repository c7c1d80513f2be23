#include "ranklens/optim/tensor_train/riemannian.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>

#include "ranklens/base/error.h"
#include "ranklens/base/scopes.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/sgd.h"
#include "ranklens/optim/tensor_train/riemannian_search.h"
#include "ranklens/optim/tensor_train/tangent_direction.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::optim {
namespace {

using RiemannianMethod = RiemannianOptions::Method;

std::unique_ptr<GradientOptimiser> rule_of_others(const RiemannianOptions& o) {
  if (o.method == RiemannianMethod::adam) {
    return std::make_unique<Adam>(AdamOptions{.lr = o.lr,
                                              .beta1 = o.beta1,
                                              .beta2 = o.beta2,
                                              .eps = o.eps,
                                              .weight_decay = o.weight_decay,
                                              .decoupled = true});
  }
  return std::make_unique<Sgd>(
      SgdOptions{.lr = o.lr, .momentum = o.momentum, .weight_decay = o.weight_decay});
}

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

/// The step by which some train moves as far as it is long. Where a loss has come to nothing, steps
/// that double would go on until it is another network's.
double longest_trial(const std::vector<TangentWork>& work) {
  double longest = kUnbounded;
  for (const auto& one : work) {
    const double moved = tn::norm(one.direction);
    const double size = tn::norm(tn::point(one.space));
    if (moved > 0 && size > 0) longest = std::min(longest, size / moved);
  }
  return longest;
}

}  // namespace

RiemannianOptimiser::RiemannianOptimiser(RiemannianOptions options)
    : options_(options), dense_(rule_of_others(options)) {
  base::require(options.method != RiemannianMethod::cg || options.weight_decay == 0, "{}",
                kNoDecayInSearch);
}

std::vector<TangentWork> RiemannianOptimiser::begin(const nn::State& state) const {
  auto layers = train_layers(state);
  require_trains(layers, spec());
  std::vector<TangentWork> work;
  for (auto& layer : layers) {
    const auto memory = memories_.find(layer.name);
    const auto steps = memory == memories_.end() ? 0 : memory->second.steps;
    work.push_back(begin_work(std::move(layer), options_.ranks, steps));
  }
  return work;
}

void RiemannianOptimiser::choose_directions(std::vector<TangentWork>& work) {
  RECORD_USER_SCOPE(base::momentum_scope);
  for (auto& one : work) {
    auto& memory = memories_[one.layer.name];
    one.direction = next_direction(options_, one, memory);
    one.normal = share_of_gradient(options_) * one.normal;
    memory.momentum = remembered(one.space, one.direction, one.normal);
  }
}

void RiemannianOptimiser::move(const TangentWork& work, nn::State& state, double step,
                               double factor) const {
  auto cores = plain_cores(moved_by(work, step, options_.ranks.adapt()));
  if (factor != 1) cores.front() = cores.front() * factor;
  set_cores(state, work.layer, cores);
}

double RiemannianOptimiser::searched(const std::vector<TangentWork>& work,
                                     const OtherTensors& others, const nn::State& state,
                                     Objective& objective, double loss, double first) {
  double slope = slope_of(others);
  for (const auto& one : work) {
    slope += inner(one.gradient, one.direction) + squared_norm(one.normal);
  }
  const auto move_trains = [&](nn::State& trial, double step) {
    for (const auto& one : work) move(one, trial, step);
  };
  const double step = search_step({.move_trains = move_trains, .others = others, .slope = slope},
                                  state, objective, loss, first);
  if (step == 0) {  // no way down along this direction: begin anew
    for (const auto& one : work) {
      auto& memory = memories_[one.layer.name];
      memory.momentum = memory.gradient = {};
    }
  }
  return step;
}

double RiemannianOptimiser::step(nn::State& state, Objective& objective, double rate) {
  auto work = begin(state);
  NamedGradients gradients;
  const double loss = differentiate(work, state, objective, gradients);
  if (!std::isfinite(loss)) return loss;
  const at::NoGradGuard no_gradients;
  choose_directions(work);
  const auto others = other_tensors(state, gradients);
  const bool searches = options_.method == RiemannianMethod::cg;
  double length = options_.lr * rate;
  if (searches) {
    double& tried = memories_[work.front().layer.name].tried;
    const double bound = options_.longest > 0 ? options_.longest * rate : kUnbounded;
    const double first = std::min({tried > 0 ? 2 * tried : length, longest_trial(work), bound});
    tried = searched(work, others, state, objective, loss, first);
    length = tried;
  }
  for (const auto& one : work) {
    if (length == 0 && one.cut < 0) continue;
    const auto& memory = memories_.at(one.layer.name);
    move(one, state, own_length(options_, memory, length), decay_factor(options_, length));
  }
  observe(work, state);
  if (searches) {
    go_against_gradients(others, length);
  } else {
    dense_->update(others.tensors, others.gradients, rate);
  }
  return loss;
}

void RiemannianOptimiser::observe(const std::vector<TangentWork>& work, const nn::State& state) {
  for (auto& layer : train_layers(state)) {
    const auto last = static_cast<std::int64_t>(layer.train.cores.size()) - 1;
    observed_.keep(layer.name, std::move(layer.train.cores), last);
  }
  for (const auto& one : work) {
    if (one.cut >= 0) memories_[one.layer.name].cut = one.cut;
  }
}

std::map<std::string, double> RiemannianOptimiser::observed() const {
  auto all = observed_.numbers();
  for (const auto& [name, memory] : memories_)
    if (memory.cut >= 0) all["cut/" + name] = memory.cut;
  return all;
}

std::map<std::string, at::Tensor> RiemannianOptimiser::save() const {
  auto saved = dense_->save();
  for (const auto& [name, memory] : memories_) memory.save("train:" + name, saved);
  return saved;
}

void RiemannianOptimiser::load(const std::map<std::string, at::Tensor>& saved) {
  memories_.clear();
  const auto others = take_prefixed(
      saved,
      "train:", [&](const auto& name, const auto& quantity, const auto& tensor, const auto& full) {
        memories_[name].load(quantity, tensor, full);
      });
  for (const auto& [name, memory] : memories_) memory.check(name);
  dense_->load(others);
}

}  // namespace ranklens::optim
