#include "ranklens/optim/tensor_train/recanonical.h"

#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/optim/tensor_train/recanonical_gauge.h"
#include "ranklens/optim/tensor_train/saved_numbers.h"

namespace ranklens::optim {
namespace {

/// Whether moments are of these cores.
bool belong(const std::vector<at::Tensor>& moments, const std::vector<at::Tensor>& cores) {
  if (moments.size() != cores.size()) return false;
  for (std::size_t k = 0; k < cores.size(); ++k) {
    if (!moments[k].defined() || moments[k].sizes() != cores[k].sizes() ||
        moments[k].scalar_type() != cores[k].scalar_type()) {
      return false;
    }
  }
  return true;
}

std::vector<at::Tensor> zeros_of(const std::vector<at::Tensor>& cores) {
  std::vector<at::Tensor> zeros;
  for (const auto& core : cores) zeros.push_back(at::zeros_like(core));
  return zeros;
}

/// What makes a mean that began with zero one of `count` gradients.
double correction(double beta, std::int64_t count) {
  return 1 - std::pow(beta, static_cast<double>(count));
}

}  // namespace

RecanonicalAdam::RecanonicalAdam(RecanonicalOptions options)
    : options_(options),
      dense_(
          {.lr = options.lr, .beta1 = options.beta1, .beta2 = options.beta2, .eps = options.eps}) {}

void RecanonicalAdam::recanonicalise(TrainLayer& layer, Moments& moments) const {
  auto changed = recanonicalised({.cores = layer.train.cores, .gradients = moments.first});
  layer.train.cores = std::move(changed.cores);
  if (moments.steps == 0) return;
  moments.first = std::move(changed.gradients);
  moments.second.clear();
  const double whole = correction(options_.beta1, moments.steps);
  for (const auto& mean : moments.first) {
    moments.second.push_back((1 - options_.beta2) * (mean / whole).square());
  }
  moments.squares = 1;
}

void RecanonicalAdam::update(std::vector<at::Tensor>& cores,
                             const std::vector<at::Tensor>& gradients, Moments& moments,
                             double rate) const {
  ++moments.steps;
  ++moments.squares;
  const double first = correction(options_.beta1, moments.steps),
               second = correction(options_.beta2, moments.squares);
  for (std::size_t k = 0; k < cores.size(); ++k) {
    const auto gradient = gradients[k].defined() ? gradients[k] : at::zeros_like(cores[k]);
    auto& mean = moments.first[k];
    auto& square = moments.second[k];
    mean = options_.beta1 * mean + (1 - options_.beta1) * gradient;
    square = options_.beta2 * square + (1 - options_.beta2) * gradient.square();
    const auto root = (square / second).sqrt() + options_.eps;
    // Without eps an entry whose gradients were all zero has a root of zero, and stays.
    const auto way = options_.lr * rate * (mean / first) / root;
    cores[k] = cores[k] - at::where(root > 0, way, at::zeros_like(way));
  }
}

double RecanonicalAdam::step(nn::State& state, Objective& objective, double rate) {
  auto layers = train_layers(state);
  require_trains(layers, spec());
  nn::State moved = state;
  auto memories = memories_;
  for (auto& layer : layers) {
    auto& moments = memories[layer.name];
    if (moments.steps > 0 && !belong(moments.first, layer.train.cores)) moments = {};
    if (moments.steps % options_.every == 0) recanonicalise(layer, moments);
    set_cores(moved, layer, layer.train.cores);
  }
  const auto found = objective.loss_and_gradients(moved, {});
  const double loss = checked_loss(found);
  if (!std::isfinite(loss)) return loss;
  auto gradients = named_gradients(found);
  for (auto& layer : layers) {
    auto& moments = memories[layer.name];
    if (moments.steps == 0) moments.first = moments.second = zeros_of(layer.train.cores);
    update(layer.train.cores, take_cores(layer, gradients), moments, rate);
    set_cores(moved, layer, layer.train.cores);
    const auto middle = static_cast<std::int64_t>(layer.train.cores.size()) / 2;
    observed_.keep(layer.name, layer.train.cores, middle);
  }
  const auto others = other_tensors(moved, gradients);
  dense_.update(others.tensors, others.gradients, rate);
  state = std::move(moved);
  memories_ = std::move(memories);
  return loss;
}

std::map<std::string, at::Tensor> RecanonicalAdam::save() const {
  auto saved = dense_.save();
  for (const auto& [name, moments] : memories_) {
    const auto key = [&](const std::string& quantity) {
      return fmt::format("train:{}/{}", name, quantity);
    };
    for (std::size_t k = 0; k < moments.first.size(); ++k) {
      saved[key(fmt::format("first.{}", k))] = moments.first[k];
      saved[key(fmt::format("second.{}", k))] = moments.second[k];
    }
    saved[key("steps")] = at::scalar_tensor(moments.steps, at::kLong);
    saved[key("squares")] = at::scalar_tensor(moments.squares, at::kLong);
  }
  return saved;
}

void RecanonicalAdam::load(const std::map<std::string, at::Tensor>& saved) {
  memories_.clear();
  const auto others = take_prefixed(
      saved,
      "train:", [&](const auto& name, const auto& quantity, const auto& tensor, const auto& full) {
        load_quantity(memories_[name], quantity, tensor, full);
      });
  for (const auto& [name, moments] : memories_) {
    base::require(belong(moments.second, moments.first),
                  "the optimiser's moments of '{}' do not fit", name);
  }
  dense_.load(others);
}

void RecanonicalAdam::load_quantity(Moments& moments, const std::string& quantity,
                                    const at::Tensor& tensor, const std::string& full) {
  const auto point = quantity.find('.');
  const auto what = quantity.substr(0, point);
  if (point != std::string::npos && (what == "first" || what == "second")) {
    auto& cores = what == "first" ? moments.first : moments.second;
    const auto k = base::parse_number<std::size_t>(quantity.substr(point + 1));
    base::require(k && *k < 100000, "this optimiser does not remember '{}'", full);
    if (cores.size() <= *k) cores.resize(*k + 1);
    cores[*k] = tensor;
    return;
  }
  base::require(quantity == "steps" || quantity == "squares",
                "this optimiser does not remember '{}'", full);
  (quantity == "steps" ? moments.steps : moments.squares) = saved_count(tensor, full);
}

}  // namespace ranklens::optim
