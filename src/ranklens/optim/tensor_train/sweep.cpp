#include "ranklens/optim/tensor_train/sweep.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/tensor_train/saved_numbers.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::optim {
namespace {

using SweepMethod = SweepOptions::Method;

/// Windows from one end of a train to the other.
std::int64_t windows_of(const tn::TensorTrain& train, std::int64_t width) {
  return static_cast<std::int64_t>(train.cores.size()) - width + 1;
}

/// Nothing trainable but this train.
nn::State with_this_alone(const nn::State& state, const TrainLayer& layer) {
  nn::State alone = state;
  for (const auto& name : state.names()) {
    nn::Entry entry = state.at(name);
    const auto& own = layer.entries;
    if (entry.buffer || std::find(own.begin(), own.end(), name) != own.end()) continue;
    entry.trainable = false;
    alone.set(name, std::move(entry));
  }
  return alone;
}

}  // namespace

/// A train under work in a step.
struct SweepOptimiser::Visit {
  const TrainLayer& layer;
  nn::State& state;  ///< of the whole network, with the trains before this one moved
  Objective& whole;
  std::optional<OtherTensors>& others;  ///< filled by the first evaluation of a step
  std::optional<double>& loss;          ///< at its start
  tn::TensorTrain train = {};
  double cut = 0;
  double failed = 0;                       ///< a loss that was not finite
  std::unique_ptr<Objective> narrow = {};  ///< where only this train moves, if that saves work
  bool asked = false;

  /// The loss as a function of this train.
  Objective& objective() {
    if (!asked) narrow = whole.where_only_moves(layer.entries, state);
    asked = true;
    return narrow ? *narrow : whole;
  }

  nn::State opened(const SweepWindow& window, const at::Tensor& variable,
                   std::size_t& place) const {
    auto open = open_cores(train, window, variable);
    place = open.place;
    nn::State trial = state;
    set_cores(trial, layer, open.cores);
    return trial;
  }

  double value(const SweepWindow& window, const at::Tensor& variable) {
    std::size_t place = 0;
    return objective().loss(opened(window, variable, place));
  }

  LocalValue value_and_gradient(const SweepWindow& window, const at::Tensor& variable) {
    std::size_t place = 0;
    const auto trial = opened(window, variable, place);
    const auto found =
        others ? objective().loss_and_gradients(with_this_alone(trial, layer), {"factors"})
               : whole.loss_and_gradients(trial, {"factors"});
    auto gradients = named_gradients(found);
    const auto own = gradients[layer.tensors[place]];
    double value = found.loss;
    if (!others) {
      value = checked_loss(found);  // the other tensors have no search that would notice
      if (!std::isfinite(value)) return {.value = value, .gradient = {}};
      loss = value;
      for (const auto& one : train_layers(state)) take_cores(one, gradients);
      others = other_tensors(state, gradients);
      // What trials are compared with is evaluated as they are: the whole differs by rounding.
      if (auto& of_trials = objective(); &of_trials != &whole) value = of_trials.loss(trial);
    }
    if (!own.defined()) return {.value = value, .gradient = {}};
    // Clipping is for the other tensors: a search needs the slope that there is.
    return {.value = value, .gradient = own.reshape(variable.sizes()) / found.scale};
  }
};

SweepOptimiser::SweepOptimiser(SweepOptions options)
    : options_(options), dense_({.lr = options.lr}) {}

SweepWindow SweepOptimiser::window_at(const tn::TensorTrain& train,
                                      const Position& position) const {
  const auto cores = static_cast<std::int64_t>(train.cores.size());
  const auto width = std::min<std::int64_t>(options_.method == SweepMethod::dmrg ? 2 : 1, cores);
  return {.first = std::min(position.first, cores - width), .width = width};
}

LocalMinimum SweepOptimiser::search(Visit& visit, const SweepWindow& window, double rate) const {
  const LocalFunction function{
      .value = [&](const at::Tensor& variable) { return visit.value(window, variable); },
      .value_and_gradient =
          [&](const at::Tensor& variable) { return visit.value_and_gradient(window, variable); }};
  return descend(function, window_variable(visit.train, window),
                 {.iterations = options_.iterations, .reach = options_.reach * rate});
}

WindowSplit SweepOptimiser::split(Visit& visit, const SweepWindow& window,
                                  const LocalMinimum& found, const at::Tensor& start,
                                  bool rightward) const {
  const auto at_share = [&](double share) {
    if (share == 0) {  // as it was, also where its rank was above the bound
      const auto centre = window.first + (rightward ? 1 : 0);
      return WindowSplit{.train = tn::canonical(visit.train, centre), .bounded = true};
    }
    const auto variable = share == 1 ? found.point : start + share * (found.point - start);
    return put_back(visit.train, window, variable, rightward, options_.cutoff, options_.bond);
  };
  auto best = at_share(1);
  if (!best.bounded) return best;
  const auto loss_of = [&](const WindowSplit& one) {
    nn::State trial = visit.state;
    set_cores(trial, visit.layer, plain_cores(one.train));
    return visit.objective().loss(trial);
  };
  double least = loss_of(best);
  for (double share = 0.5; !(least <= found.before); share = share > 0.1 ? share / 2 : 0) {
    auto other = at_share(share);
    const double loss = loss_of(other);
    if (loss < least || !std::isfinite(least)) {
      least = loss;
      best = std::move(other);
    }
    if (share == 0) break;
  }
  return best;
}

bool SweepOptimiser::take(Visit& visit, Position& position, double rate) const {
  const auto window = window_at(visit.train, position);
  move_centre_to(visit.train, window);
  const auto found = search(visit, window, rate);
  if (!std::isfinite(found.before)) {
    visit.failed = found.before;
    return false;
  }
  const auto last = windows_of(visit.train, window.width) - 1;
  Position next{window.first, position.rightward};
  if (last > 0) {
    if (next.first == (next.rightward ? last : 0)) next.rightward = !next.rightward;
    next.first += next.rightward ? 1 : -1;
  }
  const auto start = window_variable(visit.train, window);
  auto done = split(visit, window, found, start, next.rightward);
  visit.train = std::move(done.train);
  visit.cut = std::max(visit.cut, done.cut);
  position = next;
  return true;
}

double SweepOptimiser::step(nn::State& state, Objective& objective, double rate) {
  const auto layers = train_layers(state);
  require_trains(layers, spec());
  nn::State moved = state;
  auto positions = positions_;
  ObservedTrains observed;
  std::map<std::string, double> cuts;
  std::optional<OtherTensors> others;
  std::optional<double> loss;
  for (const auto& layer : layers) {
    Visit visit{.layer = layer,
                .state = moved,
                .whole = objective,
                .others = others,
                .loss = loss,
                .train = layer.train};
    auto& position = positions[layer.name];
    const auto width = window_at(layer.train, position).width;
    const auto places = options_.places > 0 ? options_.places : windows_of(layer.train, width);
    for (std::int64_t k = 0; k < places; ++k) {
      if (!take(visit, position, rate)) return visit.failed;
    }
    auto cores = plain_cores(visit.train);
    set_cores(moved, layer, cores);
    observed.keep(layer.name, std::move(cores), visit.train.centre);
    if (options_.method == SweepMethod::dmrg) cuts["cut/" + layer.name] = visit.cut;
  }
  dense_.update(others->tensors, others->gradients, rate);
  state = std::move(moved);
  positions_ = std::move(positions);
  observed_ = std::move(observed);
  cuts_ = std::move(cuts);
  return *loss;
}

std::map<std::string, double> SweepOptimiser::observed() const {
  auto all = observed_.numbers();
  all.insert(cuts_.begin(), cuts_.end());
  return all;
}

std::map<std::string, at::Tensor> SweepOptimiser::save() const {
  auto saved = dense_.save();
  for (const auto& [name, position] : positions_) {
    saved["sweep:" + name + "/first"] = at::scalar_tensor(position.first, at::kLong);
    saved["sweep:" + name + "/rightward"] =
        at::scalar_tensor(position.rightward ? 1 : 0, at::kLong);
  }
  return saved;
}

void SweepOptimiser::load(const std::map<std::string, at::Tensor>& saved) {
  positions_.clear();
  const auto others = take_prefixed(
      saved,
      "sweep:", [&](const auto& name, const auto& quantity, const auto& tensor, const auto& full) {
        const bool first = quantity == "first";
        base::require(first || quantity == "rightward", "this optimiser does not remember '{}'",
                      full);
        const auto value = saved_count(tensor, full);
        auto& position = positions_[name];
        if (first) {
          position.first = value;
        } else {
          position.rightward = value != 0;
        }
      });
  dense_.load(others);
}

}  // namespace ranklens::optim
