#pragma once

#include "ranklens/optim/tensor_train/riemannian_options.h"
#include "ranklens/optim/tensor_train/tangent_memory.h"
#include "ranklens/optim/tensor_train/tangent_work.h"

// The rules of the Riemannian methods for one train: which way, and how far.
namespace ranklens::optim {

/// The direction against which the train moves, of its gradient (sgd's has the decay in it) and of
/// what is remembered, which is projected onto the tangent space; counts the step.
tn::Tangent next_direction(const RiemannianOptions& options, const TangentWork& work,
                           TangentMemory& memory);

/// How much of the normal part goes into a direction: as much as of the gradient.
double share_of_gradient(const RiemannianOptions& options);

/// How far a train goes along its direction when the rule of all says `length`: of Adam that over
/// the root of the train's second moment.
double own_length(const RiemannianOptions& options, const TangentMemory& memory, double length);

/// What a train is multiplied by after a step of this length, before the root of own_length(): of
/// adam its decay, which is no part of the direction.
double decay_factor(const RiemannianOptions& options, double length);

}  // namespace ranklens::optim
