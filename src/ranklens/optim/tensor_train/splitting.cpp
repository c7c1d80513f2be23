#include "ranklens/optim/tensor_train/splitting.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/layers.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::optim {
namespace {

/// One train of a network in the middle of a step.
struct SplitLayer {
  TrainLayer layer;
  TrainSplitting train;
  /// What each core is multiplied by in the network: one, or of a product state its share of the
  /// norm, which is the unit of its increments.
  double share = 1;
};

SplitLayer split_layer(const TrainLayer& layer) {
  if (!is_product_state(layer)) return {.layer = layer, .train = TrainSplitting(layer.train)};
  auto centred = tn::canonical(layer.train, 0);
  const double log_norm = std::exchange(centred.log_scale, 0.0);
  return {.layer = layer,
          .train = TrainSplitting(centred),
          .share = share_of_each(log_norm, centred.cores.size())};
}

void set_cores_of(nn::State& state, const SplitLayer& one) {
  set_cores(state, one.layer, scaled(one.train.cores(), one.share));
}

at::Tensor times_core(const at::Tensor& matrix, const at::Tensor& core) {
  return at::mm(matrix, core.reshape({core.size(0), -1}))
      .reshape({matrix.size(0), core.size(1), core.size(2)});
}

/// Lets every train that is on its way take its gradient, times -length.
void advance_all(std::vector<SplitLayer>& work, NamedGradients& gradients, double length) {
  for (auto& one : work) {
    if (one.train.done()) continue;
    const auto k = one.train.core();
    const auto gradient = take_cores(one.layer, gradients)[k];
    one.train.advance(gradient.defined() ? -length * one.share * gradient
                                         : at::zeros_like(one.train.cores()[k]));
  }
}

bool all_done(const std::vector<SplitLayer>& work) {
  for (const auto& one : work) {
    if (!one.train.done()) return false;
  }
  return true;
}

/// The loss as a function of the trains, for all parts of a step but the first; null where that
/// saves nothing.
std::unique_ptr<Objective> narrowed(Objective& whole, const std::vector<SplitLayer>& work,
                                    const nn::State& state) {
  if (all_done(work)) return nullptr;
  std::vector<std::string> entries;
  for (const auto& one : work) {
    entries.insert(entries.end(), one.layer.entries.begin(), one.layer.entries.end());
  }
  return whole.where_only_moves(entries, state);
}

/// What the first evaluation of a step finds, at the state as it was.
struct FirstPart {
  double loss = 0;  ///< or that of a later part, where it was not finite
  double scale = 1;
  NamedGradients gradients = {};
};

/// Takes all trains through their parts, unless a loss is not finite.
FirstPart go_through_parts(std::vector<SplitLayer>& work, const nn::State& state,
                           Objective& objective, double length) {
  FirstPart first;
  nn::State probed = state;
  std::unique_ptr<Objective> narrow;
  for (int part = 0; !all_done(work); ++part) {
    for (const auto& one : work) set_cores_of(probed, one);
    const Gradients found = (narrow ? *narrow : objective).loss_and_gradients(probed, {"factors"});
    if (!std::isfinite(found.loss)) return {.loss = found.loss};
    const at::NoGradGuard no_gradients;
    auto gradients = named_gradients(found);
    if (part == 0) {
      first = {.loss = found.loss, .scale = found.scale, .gradients = gradients};
      probed = with_trains_alone(state);
    }
    // Clipping sees another norm in every part, and what one part takes back another has gone: they
    // must be of one field.
    advance_all(work, gradients, length * (first.scale / found.scale));
    if (part == 0) narrow = narrowed(objective, work, state);
  }
  return first;
}

/// The cores as the network has them, of weights times `decay`.
std::vector<std::vector<at::Tensor>> moved_cores(const std::vector<SplitLayer>& work,
                                                 double decay) {
  std::vector<std::vector<at::Tensor>> moved;
  for (const auto& one : work) {
    auto& cores = moved.emplace_back(scaled(one.train.cores(), one.share));
    cores.back() = cores.back() * decay;
  }
  return moved;
}

std::vector<at::Tensor> all_of(const std::vector<std::vector<at::Tensor>>& cores,
                               std::vector<at::Tensor> others) {
  for (const auto& some : cores) others.insert(others.end(), some.begin(), some.end());
  return others;
}

}  // namespace

TrainSplitting::TrainSplitting(const tn::TensorTrain& start) {
  auto centred = tn::canonical(start, 0);
  cores_ = std::move(centred.cores);
  cores_.front() = cores_.front() * std::exp(centred.log_scale);
}

void TrainSplitting::move_core(const at::Tensor& increment) {
  const auto k = core_++;
  auto& core = cores_[k];
  core = core + increment;
  if (done()) return;
  const auto found = tn::qr(core.reshape({-1, core.size(2)}));
  core = found.q.reshape({core.size(0), core.size(1), found.q.size(1)});
  factor_ = found.r;
  right_ = cores_[core_];
  cores_[core_] = times_core(factor_, right_);
  back_ = true;
}

void TrainSplitting::move_back(const at::Tensor& increment) {
  const auto rows = right_.reshape({right_.size(0), -1});
  const auto moved = at::mm(increment.reshape({increment.size(0), -1}), rows.mH());
  cores_[core_] = times_core(factor_ - moved, right_);
  back_ = false;
}

void TrainSplitting::advance(const at::Tensor& increment) {
  base::require(!done() && increment.sizes() == cores_[core_].sizes(),
                "an increment of a train's step does not have the shape of the core it is for");
  if (back_)
    move_back(increment);
  else
    move_core(increment);
}

SplittingOptimiser::SplittingOptimiser(SgdOptions options) : options_(options), others_(options) {}

std::string SplittingOptimiser::spec() const {
  const auto others = others_.spec();
  return "tt_psi" + others.substr(others.find('('));
}

double SplittingOptimiser::step(nn::State& state, Objective& objective, double rate) {
  const auto layers = train_layers(state);
  require_trains(layers, spec());
  std::vector<SplitLayer> work;
  for (const auto& layer : layers) work.push_back(split_layer(layer));
  const double length = options_.lr * rate;
  auto first = go_through_parts(work, state, objective, length);
  if (!std::isfinite(first.loss)) return first.loss;
  const at::NoGradGuard no_gradients;
  for (const auto& one : work) take_cores(one.layer, first.gradients);
  const auto others = other_tensors(state, first.gradients);
  auto moved = moved_cores(work, 1 - length * options_.weight_decay);
  // A gradient of any part that is no number has left its mark in a core, which stays there.
  if (!are_finite(all_of(moved, others.gradients))) return std::numeric_limits<double>::quiet_NaN();
  for (std::size_t k = 0; k < work.size(); ++k) {
    const auto& layer = work[k].layer;
    set_cores(state, layer, moved[k]);
    const auto last = static_cast<std::int64_t>(moved[k].size()) - 1;
    observed_.keep(layer.name, std::move(moved[k]), last);
  }
  others_.update(others.tensors, others.gradients, rate);
  return first.loss;
}

}  // namespace ranklens::optim
