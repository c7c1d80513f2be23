#include "ranklens/optim/tensor_train/tangent_work.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/tensor_train/probe_state.h"
#include "ranklens/optim/tensor_train/probe_train.h"
#include "ranklens/optim/tensor_train/tangent_point.h"

namespace ranklens::optim {
namespace {

void take_space(TangentWork& work) {
  if (is_product_state(work.layer)) {
    work.space = unit_space_at(work.layer.train, work.log_unit);
  } else {
    work.space = space_at(work.layer.train);
  }
}

/// Where the precision does not resolve a direction (of cores near the identity, say, or of a
/// weight that became smaller in rank) the manifold of the train's ranks has no tangent space: it
/// goes, and its share of the norm is in `cut`. What goes at one bond may leave another without a
/// direction.
void take_resolved_space(TangentWork& work) {
  for (;;) {
    try {
      take_space(work);
      return;
    } catch (const base::Error&) {
      auto found = rounded(work.layer.train, {});
      if (tn::ranks(found.train) == tn::ranks(work.layer.train)) throw;
      work.layer.train = std::move(found.train);
      work.cut = std::max(work.cut, found.share);
    }
  }
}

double factor_of_each(const TangentWork& work) {
  return share_of_each(work.log_unit, work.layer.tensors.size());
}

/// Puts a train whose ranks stay into the form whose parts are to be differentiated.
void put_probe(nn::State& state, const TangentWork& one) {
  const auto& entries = one.layer.entries;
  if (!is_product_state(one.layer)) {
    const auto& name = entries.front();
    state.replace(name, train_probe(state.at(name).weight, one.space));
    return;
  }
  const auto probes = state_probe(one.space, factor_of_each(one));
  for (std::size_t k = 0; k < probes.size(); ++k) state.replace(entries[k], probes[k]);
}

/// Which blocks of a train are to be differentiated.
enum class Blocks {
  tangent,  ///< those of its tangent space
  normal    ///< of a train that grows, also those beside it
};

/// The state with every train in the form whose blocks are to be differentiated.
nn::State probed_state(const std::vector<TangentWork>& work, nn::State state,
                       const Objective& objective, Blocks blocks) {
  for (const auto& one : work) {
    const bool grows = blocks == Blocks::normal && !one.gained.empty();
    const bool takes_probes = !is_product_state(one.layer) || objective.takes_any_format();
    if (!grows && takes_probes) {
      put_probe(state, one);
      continue;
    }
    auto cores = with_slots(one.space);
    if (grows) cores = with_normal(std::move(cores), one.normal);
    set_cores(state, one.layer, scaled(std::move(cores), factor_of_each(one)));
  }
  return state;
}

/// With respect to the cores before they were multiplied by their share of the unit: a part of a
/// tangent vector meets the shares of all other cores, so that its gradient is in the unit.
std::vector<at::Tensor> gradients_of(const TangentWork& work, NamedGradients& gradients) {
  return scaled(take_cores(work.layer, gradients), factor_of_each(work));
}

/// Evaluates with the normal blocks as they are; take(train, gradients of its cores, scale of all
/// gradients) for each train that grows.
template <class Take>
double differentiate_normal(std::vector<TangentWork>& work, const nn::State& alone,
                            Objective& objective, const Take& take) {
  const Gradients found = objective.loss_and_gradients(
      probed_state(work, alone, objective, Blocks::normal), {"factors"});
  const double loss = checked_loss(found);
  if (!std::isfinite(loss)) return loss;
  const at::NoGradGuard no_gradients;
  auto gradients = named_gradients(found);
  for (auto& one : work) {
    const auto cores = gradients_of(one, gradients);
    if (!one.gained.empty()) take(one, cores, found.scale);
  }
  return loss;
}

/// The rows of what the gradients hold off the tangent spaces by a sketch, then their columns, as
/// clipped by `scale` as the rest of the step is. In evaluations of their own: these blocks are no
/// coordinates, and their norm, which grows with that of the train, says nothing of the gradient's.
double find_normal(std::vector<TangentWork>& work, const nn::State& state, Objective& objective,
                   double scale) {
  const auto alone = with_trains_alone(state);
  const double loss = differentiate_normal(
      work, alone, objective, [](TangentWork& one, const std::vector<at::Tensor>& cores, double) {
        one.normal = spanned_right(one.space, one.normal, cores);
      });
  if (!std::isfinite(loss)) return loss;
  return differentiate_normal(
      work, alone, objective,
      [&](TangentWork& one, const std::vector<at::Tensor>& cores, double clipped) {
        one.normal = (scale / clipped) * leading_normal(one.space, one.normal, cores, one.gained);
      });
}

}  // namespace

TangentWork begin_work(TrainLayer layer, const TrainRanks& ranks, std::int64_t steps) {
  const at::NoGradGuard no_gradients;
  TangentWork work{.layer = std::move(layer)};
  const bool change = ranks.change_after(steps);
  if (change && ranks.tau > 0) {
    auto found = rounded(work.layer.train, ranks);
    work.cut = found.share;
    work.layer.train = std::move(found.train);
  }
  take_resolved_space(work);
  if (!change || ranks.grow == 0) return work;
  auto gained = free_directions(work.space, ranks.grow, ranks.cap);
  if (std::all_of(gained.begin(), gained.end(), [](auto n) { return n == 0; })) return work;
  // The same for all seeds of a study: what is found depends on the sketch by its error alone, and
  // an optimiser is made of its spec, which names no seed.
  const base::Stream stream(0, "noise", "grow:" + work.layer.name,
                            static_cast<std::uint64_t>(steps));
  work.gained = std::move(gained);
  work.normal = random_left(work.space, work.gained, stream);
  return work;
}

double differentiate(std::vector<TangentWork>& work, const nn::State& state, Objective& objective,
                     NamedGradients& gradients) {
  const Gradients found = objective.loss_and_gradients(
      probed_state(work, state, objective, Blocks::tangent), {"factors"});
  const double loss = checked_loss(found);
  if (!std::isfinite(loss)) return loss;
  gradients = named_gradients(found);
  {
    const at::NoGradGuard no_gradients;
    for (auto& one : work) one.gradient = gradient_in(one.space, gradients_of(one, gradients));
  }
  const bool grows = std::any_of(work.begin(), work.end(),
                                 [](const TangentWork& one) { return !one.gained.empty(); });
  if (!grows) return loss;
  const double again = find_normal(work, state, objective, found.scale);
  return std::isfinite(again) ? loss : again;
}

tn::TensorTrain remembered(const tn::TangentSpace& space, const tn::Tangent& tangent,
                           const NormalPart& normal) {
  auto train = tn::as_train(space, tangent);
  if (!normal.a.empty()) {
    train.cores = with_normal(std::move(train.cores), std::exp(-train.log_scale) * normal);
  }
  return train;
}

tn::TensorTrain moved_by(const TangentWork& work, double length, bool adapts) {
  tn::TensorTrain train;
  if (adapts) {
    const double scale = -length * std::exp(work.direction.log_scale);
    auto way = scale * tn::Tangent{work.direction.deltas, 0};
    way.deltas.back() = way.deltas.back() + work.space.left.back();
    auto bounds = tn::ranks(tn::point(work.space));
    for (std::size_t k = 0; k < work.gained.size(); ++k) bounds[k] += work.gained[k];
    train = cut_to(remembered(work.space, way, -length * work.normal), bounds).train;
  } else {
    train = tn::retract(work.space, work.direction, -length).train;
  }
  train.log_scale += work.log_unit;
  return train;
}

}  // namespace ranklens::optim
