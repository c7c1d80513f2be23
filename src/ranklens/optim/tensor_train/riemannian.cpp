#include "ranklens/optim/tensor_train/riemannian.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/sgd.h"
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

}  // namespace

RiemannianOptimiser::RiemannianOptimiser(RiemannianOptions options)
    : options_(options), dense_(rule_of_others(options)) {}

std::vector<RiemannianOptimiser::Work> RiemannianOptimiser::begin(const nn::State& state) const {
  std::vector<Work> work;
  for (auto& layer : train_layers(state)) {
    auto space = space_at(layer.train);
    work.push_back(
        {.layer = std::move(layer), .space = std::move(space), .gradient = {}, .direction = {}});
  }
  base::require(!work.empty(),
                "{} trains tensor trains, and this network has none that is trainable: give layers "
                "a weight such as tt(r=8)",
                spec());
  return work;
}

Gradients RiemannianOptimiser::evaluate(const std::vector<Work>& work, const nn::State& state,
                                        Objective& objective) const {
  nn::State probed = state;
  for (const auto& one : work) set_cores(probed, one.layer, with_slots(one.space));
  return objective.loss_and_gradients(probed, {"factors"});
}

tn::Tangent RiemannianOptimiser::direction(const Work& work, Memory& memory) const {
  const auto& gradient = work.gradient;
  const bool begun = !memory.momentum.cores.empty();
  ++memory.steps;
  if (options_.method == Method::sgd) {
    if (options_.momentum == 0 || !begun) return gradient;
    return gradient + options_.momentum * carried(memory.momentum, work.space);
  }
  if (options_.method == Method::cg) {
    const auto before = std::exchange(memory.gradient, tn::as_train(work.space, gradient));
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

void RiemannianOptimiser::move(const Work& work, nn::State& state, double step,
                               double factor) const {
  auto cores = plain_cores(tn::retract(work.space, work.direction, -step).train);
  if (factor != 1) cores.front() = cores.front() * factor;
  set_cores(state, work.layer, cores);
}

std::map<std::string, at::Tensor> RiemannianOptimiser::save() const {
  auto saved = dense_->save();
  const auto number = [](double value) { return at::scalar_tensor(value, at::kDouble); };
  for (const auto& [name, memory] : memories_) {
    const auto key = [&](const std::string& quantity) {
      return fmt::format("train:{}/{}", name, quantity);
    };
    const auto keep = [&](const char* what, const tn::TensorTrain& train) {
      for (std::size_t k = 0; k < train.cores.size(); ++k) {
        saved[key(fmt::format("{}.{}", what, k))] = train.cores[k];
      }
      if (!train.cores.empty()) saved[key(std::string(what) + ".scale")] = number(train.log_scale);
    };
    keep("momentum", memory.momentum);
    keep("gradient", memory.gradient);
    saved[key("second")] = number(memory.second);
    saved[key("tried")] = number(memory.tried);
    saved[key("steps")] = at::scalar_tensor(memory.steps, at::kLong);
  }
  return saved;
}

void RiemannianOptimiser::load(const std::map<std::string, at::Tensor>& saved) {
  std::map<std::string, at::Tensor> others;
  memories_.clear();
  constexpr std::string_view prefix = "train:";
  for (const auto& [full, tensor] : saved) {
    const auto slash = full.rfind('/');
    base::require(slash != std::string::npos, "'{}' is no quantity of an optimiser", full);
    if (!full.starts_with(prefix)) {
      others[full] = tensor;
      continue;
    }
    auto& memory = memories_[full.substr(prefix.size(), slash - prefix.size())];
    load_quantity(memory, full.substr(slash + 1), tensor, full);
  }
  dense_->load(others);
}

void RiemannianOptimiser::load_quantity(Memory& memory, const std::string& quantity,
                                        const at::Tensor& tensor, const std::string& full) {
  const auto point = quantity.find('.');
  const auto what = quantity.substr(0, point);
  if (point != std::string::npos && (what == "momentum" || what == "gradient")) {
    auto& train = what == "momentum" ? memory.momentum : memory.gradient;
    const auto rest = quantity.substr(point + 1);
    if (rest == "scale") {
      train.log_scale = tensor.item<double>();
      return;
    }
    const auto k = base::parse_number<std::size_t>(rest);
    base::require(k && *k < 100000, "this optimiser does not remember '{}'", full);
    if (train.cores.size() <= *k) train.cores.resize(*k + 1);
    train.cores[*k] = tensor;
  } else if (quantity == "second") {
    memory.second = tensor.item<double>();
  } else if (quantity == "tried") {
    memory.tried = tensor.item<double>();
  } else {
    base::require(quantity == "steps", "this optimiser does not remember '{}'", full);
    memory.steps = tensor.item<std::int64_t>();
  }
}

double RiemannianOptimiser::searched(const std::vector<Work>& work, const Others& others,
                                     const nn::State& state, Objective& objective, double loss,
                                     double first) const {
  double slope = 0;
  for (const auto& one : work) slope += inner(one.gradient, one.direction);
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

double RiemannianOptimiser::step(nn::State& state, Objective& objective, double rate) {
  auto work = begin(state);
  const Gradients found = evaluate(work, state, objective);
  if (!std::isfinite(found.loss)) return found.loss;
  const at::NoGradGuard no_gradients;
  std::map<std::string, at::Tensor> gradients;
  for (const auto& one : found.gradients) gradients[one.name] = one.tensor;
  for (auto& one : work) {
    std::vector<at::Tensor> cores;
    for (std::size_t k = 0; k < one.layer.tensors.size(); ++k) {
      auto gradient = gradients.at(one.layer.tensors[k]);
      gradients.erase(one.layer.tensors[k]);
      const auto n = one.space.left[k].size(1);
      if (gradient.defined()) {
        const auto left = one.layer.has_left[k] ? gradient.size(0) : 1;
        gradient = gradient.reshape({left, n, gradient.size(-1)});
      }
      cores.push_back(std::move(gradient));
    }
    one.gradient = gradient_in(one.space, cores);
    auto& memory = memories_[one.layer.name];
    one.direction = direction(one, memory);
    memory.momentum = tn::as_train(one.space, one.direction);
  }
  Others others;
  for (const auto& tensor : state.trainable()) {
    const auto gradient = gradients.find(tensor.name);
    if (gradient == gradients.end()) continue;
    others.tensors.push_back(tensor);
    others.gradients.push_back(gradient->second);
  }
  double length = options_.lr * rate;
  if (options_.method == Method::cg) {
    double& tried = memories_[work.front().layer.name].tried;
    const double first = tried > 0 ? 2 * tried : length;
    length = searched(work, others, state, objective, found.loss, first);
    tried = length;
  }
  for (auto& one : work) {
    auto& memory = memories_[one.layer.name];
    if (length == 0) {  // no way down along this direction: begin anew
      memory.momentum = memory.gradient = {};
      continue;
    }
    double own = length;
    if (options_.method == Method::adam) {
      const auto t = static_cast<double>(memory.steps);
      const double root = std::sqrt(memory.second / (1 - std::pow(options_.beta2, t)));
      own = length / (1 - std::pow(options_.beta1, t)) / (root + options_.eps);
    }
    move(one, state, own, 1 - length * options_.weight_decay);
  }
  if (options_.method != Method::cg) {
    dense_->update(others.tensors, others.gradients, rate);
    return found.loss;
  }
  for (std::size_t k = 0; k < others.tensors.size(); ++k) {
    if (others.gradients[k].defined()) {
      others.tensors[k].tensor.detach().sub_(others.gradients[k], length);
    }
  }
  return found.loss;
}

}  // namespace ranklens::optim
