#include "ranklens/optim/tensor_train/riemannian.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/sgd.h"
#include "ranklens/optim/tensor_train/probe_train.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::optim {
namespace {

using Method = RiemannianOptions::Method;

std::unique_ptr<GradientOptimiser> rule_of_others(const RiemannianOptions& o) {
  if (o.method == Method::adam) {
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

tn::Tangent carried(const tn::TensorTrain& momentum, const tn::TangentSpace& to) {
  return tn::project(to, momentum);
}

double inner(const tn::Tangent& a, const tn::Tangent& b) { return tn::dot(a, b).item<double>(); }

/// A tangent vector, and off the tangent space `normal`, as a train that any space can project.
tn::TensorTrain remembered(const tn::TangentSpace& space, const tn::Tangent& tangent,
                           const NormalPart& normal) {
  auto train = tn::as_train(space, tangent);
  if (!normal.a.empty()) {
    train.cores = with_normal(std::move(train.cores), std::exp(-train.log_scale) * normal);
  }
  return train;
}

/// Where the precision does not resolve a direction (of cores near the identity, say, or of a
/// weight that became smaller in rank) the manifold of the train's ranks has no tangent space: it
/// goes, and its share of the norm is `cut`.
tn::TangentSpace resolved_space(tn::TensorTrain& train, double& cut) {
  try {
    return space_at(train);
  } catch (const base::Error&) {
    auto found = rounded(train, {});
    if (tn::ranks(found.train) == tn::ranks(train)) throw;
    train = std::move(found.train);
    cut = std::max(cut, found.share);
    return space_at(train);
  }
}

}  // namespace

RiemannianOptimiser::RiemannianOptimiser(RiemannianOptions options)
    : options_(options), dense_(rule_of_others(options)) {}

std::vector<RiemannianOptimiser::Work> RiemannianOptimiser::begin(const nn::State& state) const {
  auto layers = train_layers(state);
  require_trains(layers, spec());
  const at::NoGradGuard no_gradients;
  std::vector<Work> work;
  for (auto& layer : layers) {
    Work one{.layer = std::move(layer)};
    const auto& name = one.layer.name;
    const auto memory = memories_.find(name);
    const auto steps = memory == memories_.end() ? 0 : memory->second.steps;
    const auto& ranks = options_.ranks;
    const bool change = ranks.change_after(steps);
    if (change && ranks.tau > 0) {
      auto found = rounded(one.layer.train, ranks);
      one.cut = found.share;
      one.layer.train = std::move(found.train);
    }
    one.space = resolved_space(one.layer.train, one.cut);
    if (change && ranks.grow > 0) {
      one.gained = free_directions(one.space, ranks.grow, ranks.cap);
      if (std::all_of(one.gained.begin(), one.gained.end(), [](auto n) { return n == 0; })) {
        one.gained.clear();
      }
    }
    if (!one.gained.empty()) {
      const base::Stream stream(0, "noise", "grow:" + name, static_cast<std::uint64_t>(steps));
      one.normal = random_left(one.space, one.gained, stream);
    }
    work.push_back(std::move(one));
  }
  return work;
}

nn::State RiemannianOptimiser::probed(const std::vector<Work>& work, nn::State state) {
  for (const auto& one : work) {
    const auto& weight = state.at(one.layer.entries.front()).weight;
    if (one.gained.empty() && weight->kind() == "tt") {
      state.replace(one.layer.name, train_probe(weight, one.space));
      continue;
    }
    auto cores = with_slots(one.space);
    if (!one.gained.empty()) cores = with_normal(std::move(cores), one.normal);
    set_cores(state, one.layer, cores);
  }
  return state;
}

double RiemannianOptimiser::differentiate(std::vector<Work>& work, const nn::State& state,
                                          Objective& objective, NamedGradients& gradients) const {
  const Gradients found = objective.loss_and_gradients(probed(work, state), {"factors"});
  if (!std::isfinite(found.loss)) return found.loss;
  gradients = named_gradients(found);
  bool grows = false;
  {
    const at::NoGradGuard no_gradients;
    for (auto& one : work) {
      const auto cores = take_cores(one.layer, gradients);
      if (one.gained.empty()) {
        one.gradient = gradient_in(one.space, cores);
        continue;
      }
      one.gradient = gradient_in(one.space, tangent_blocks(one.space, cores));
      one.normal = spanned_right(one.space, one.normal, cores);
      grows = true;
    }
  }
  const double again = grows ? find_normal(work, state, objective, found.scale) : found.loss;
  return std::isfinite(again) ? found.loss : again;
}

double RiemannianOptimiser::find_normal(std::vector<Work>& work, const nn::State& state,
                                        Objective& objective, double scale) const {
  const auto alone = with_trains_alone(state);
  const Gradients found = objective.loss_and_gradients(probed(work, alone), {"factors"});
  if (!std::isfinite(found.loss)) return found.loss;
  const at::NoGradGuard no_gradients;
  auto gradients = named_gradients(found);
  for (auto& one : work) {
    const auto cores = take_cores(one.layer, gradients);
    if (one.gained.empty()) continue;
    // Clipping may have seen another norm this time.
    one.normal = (scale / found.scale) * leading_normal(one.space, one.normal, cores, one.gained);
  }
  return found.loss;
}

double RiemannianOptimiser::share_of_gradient() const {
  return options_.method == Method::adam ? 1 - options_.beta1 : 1;
}

tn::Tangent RiemannianOptimiser::direction(const Work& work, TangentMemory& memory) const {
  const auto& gradient = work.gradient;
  const bool begun = !memory.momentum.cores.empty();
  ++memory.steps;
  if (options_.method == Method::sgd) {
    if (options_.momentum == 0 || !begun) return gradient;
    return gradient + options_.momentum * carried(memory.momentum, work.space);
  }
  if (options_.method == Method::cg) {
    const auto before =
        std::exchange(memory.gradient, remembered(work.space, gradient, work.normal));
    if (!begun) return gradient;
    const double last = std::pow(tn::norm(before), 2);
    const auto change = gradient + (-1.0) * carried(before, work.space);
    const double factor = last > 0 ? std::max(0.0, inner(gradient, change) / last) : 0;
    auto found = gradient + factor * carried(memory.momentum, work.space);
    return inner(found, gradient) > 0 ? found : gradient;
  }
  const double squared = std::pow(tn::norm(gradient), 2);
  const auto dimensions = static_cast<double>(tn::dimension(work.space));
  memory.second = options_.beta2 * memory.second + (1 - options_.beta2) * squared / dimensions;
  auto mean = (1 - options_.beta1) * gradient;
  if (begun) mean = mean + options_.beta1 * carried(memory.momentum, work.space);
  return mean;
}

tn::TensorTrain RiemannianOptimiser::moved(const Work& work, double step) const {
  if (!options_.ranks.adapt()) return tn::retract(work.space, work.direction, -step).train;
  const double scale = -step * std::exp(work.direction.log_scale);
  auto way = scale * tn::Tangent{work.direction.deltas, 0};
  way.deltas.back() = way.deltas.back() + work.space.left.back();
  auto bounds = tn::ranks(tn::point(work.space));
  for (std::size_t k = 0; k < work.gained.size(); ++k) bounds[k] += work.gained[k];
  return cut_to(remembered(work.space, way, -step * work.normal), bounds).train;
}

void RiemannianOptimiser::move(const Work& work, nn::State& state, double step,
                               double factor) const {
  auto cores = plain_cores(moved(work, step));
  if (factor != 1) cores.front() = cores.front() * factor;
  set_cores(state, work.layer, cores);
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
  dense_->load(others);
}

double RiemannianOptimiser::searched(const std::vector<Work>& work, const OtherTensors& others,
                                     const nn::State& state, Objective& objective, double loss,
                                     double first) const {
  double slope = 0;
  for (const auto& one : work) {
    slope += inner(one.gradient, one.direction) + squared_norm(one.normal);
  }
  for (const auto& gradient : others.gradients) {
    if (gradient.defined()) slope += std::pow(tn::frobenius(gradient), 2);
  }
  double step = first;
  for (int halving = 0; halving < 20; ++halving, step /= 2) {
    nn::State trial = state;
    for (const auto& one : work) move(one, trial, step);
    for (std::size_t k = 0; k < others.tensors.size(); ++k) {
      const auto& [name, tensor] = others.tensors[k];
      if (!others.gradients[k].defined()) continue;
      trial.set_tensor(name, tensor.detach() - step * others.gradients[k]);
    }
    const double found = objective.loss(trial);
    if (std::isfinite(found) && found <= loss - 1e-4 * step * slope) return step;
  }
  return 0;
}

double RiemannianOptimiser::own_length(const Work& work, double length) const {
  if (options_.method != Method::adam) return length;
  const auto& memory = memories_.at(work.layer.name);
  const auto t = static_cast<double>(memory.steps);
  const double root = std::sqrt(memory.second / (1 - std::pow(options_.beta2, t)));
  return length / (1 - std::pow(options_.beta1, t)) / (root + options_.eps);
}

void RiemannianOptimiser::observe(const std::vector<Work>& work, const nn::State& state) {
  if (!options_.ranks.adapt()) return;
  for (const auto& layer : train_layers(state)) {
    const auto ranks = tn::ranks(layer.train);
    for (std::size_t k = 0; k < ranks.size(); ++k) {
      observed_[fmt::format("rank/{}.{}", layer.name, k)] = static_cast<double>(ranks[k]);
    }
  }
  for (const auto& one : work) {
    if (one.cut >= 0) observed_["cut/" + one.layer.name] = one.cut;
  }
}

double RiemannianOptimiser::step(nn::State& state, Objective& objective, double rate) {
  auto work = begin(state);
  NamedGradients gradients;
  const double loss = differentiate(work, state, objective, gradients);
  if (!std::isfinite(loss)) return loss;
  const at::NoGradGuard no_gradients;
  for (auto& one : work) {
    auto& memory = memories_[one.layer.name];
    one.direction = direction(one, memory);
    one.normal = share_of_gradient() * one.normal;
    memory.momentum = remembered(one.space, one.direction, one.normal);
  }
  const auto others = other_tensors(state, gradients);
  double length = options_.lr * rate;
  if (options_.method == Method::cg) {
    double& tried = memories_[work.front().layer.name].tried;
    const double first = tried > 0 ? 2 * tried : length;
    length = searched(work, others, state, objective, loss, first);
    tried = length;
  }
  for (const auto& one : work) {
    if (length == 0) {  // no way down along this direction: begin anew
      auto& memory = memories_[one.layer.name];
      memory.momentum = memory.gradient = {};
      if (one.cut < 0) continue;
    }
    move(one, state, own_length(one, length), 1 - length * options_.weight_decay);
  }
  observe(work, state);
  if (options_.method != Method::cg) {
    dense_->update(others.tensors, others.gradients, rate);
    return loss;
  }
  for (std::size_t k = 0; k < others.tensors.size(); ++k) {
    if (others.gradients[k].defined()) {
      others.tensors[k].tensor.detach().sub_(others.gradients[k], length);
    }
  }
  return loss;
}

}  // namespace ranklens::optim
