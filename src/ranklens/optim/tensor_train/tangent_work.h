#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/grow.h"
#include "ranklens/optim/tensor_train/layers.h"
#include "ranklens/optim/tensor_train/rank_rule.h"
#include "ranklens/tn/manifold/tangent.h"

// Trains in the middle of a Riemannian step.
namespace ranklens::optim {

/// A train, the tangent space it is in, and what was found there. The weight is exp(log_unit) times
/// the point of the space, and all tangent vectors are in this unit: of a product state its norm,
/// of any other train one. So a step of a product state is a share of what it is, and its gradient
/// that with respect to such shares; the same product state of another scale steps alike.
struct TangentWork {
  TrainLayer layer = {};
  tn::TangentSpace space = {};
  double log_unit = 0;
  double cut = -1;        ///< by the rounding before the step; negative: there was none
  tn::Shape gained = {};  ///< directions a bond gains in this step; empty: none does
  NormalPart normal = {};
  tn::Tangent gradient = {}, direction = {};
};

/// At the beginning of a step that follows `steps` others.
TangentWork begin_work(TrainLayer layer, const TrainRanks& ranks, std::int64_t steps);

/// Both of a train's gradients, on its tangent space and off it. Returns the loss; or one that was
/// not finite, NaN where a gradient of any tensor is not, after which there is no step to be made.
/// `gradients` are left with those of all other tensors.
double differentiate(std::vector<TangentWork>& work, const nn::State& state, Objective& objective,
                     NamedGradients& gradients);

/// A tangent vector, and off the tangent space `normal`, as a train that any space can project.
tn::TensorTrain remembered(const tn::TangentSpace& space, const tn::Tangent& tangent,
                           const NormalPart& normal);

/// The weight after a step of -length along work.direction, retracted to the ranks of the point;
/// where ranks adapt, also along work.normal and to the ranks that it gains. Its centre is the last
/// core.
tn::TensorTrain moved_by(const TangentWork& work, double length, bool adapts);

}  // namespace ranklens::optim
