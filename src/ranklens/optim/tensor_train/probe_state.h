#pragma once

#include <vector>

#include "ranklens/nn/weight.h"
#include "ranklens/tn/manifold/tangent.h"

namespace ranklens::optim {

/// The cores of a matrix product state, each `factor` times that of the point of `space`, whose
/// gradients come out as parts of a tangent vector: the weights' only factors [r, n, r'] are zeros,
/// and their gradients, times `factor`, what gradient_in() takes in the unit of the space. Where an
/// operator classifies with the state and its features have no gradient, that costs what the state
/// itself costs (tn::tangent_mps_classifier()). dense() is a core of the train of twice the ranks
/// of with_slots(), while shape() and the factor have the ranks of the point. They are no linear
/// maps.
///
/// They live within a step; they have no spec and are not stored. Not differentiable twice.
std::vector<nn::Weight> state_probe(const tn::TangentSpace& space, double factor);

}  // namespace ranklens::optim
