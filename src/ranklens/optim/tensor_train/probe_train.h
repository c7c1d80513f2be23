#pragma once

#include "ranklens/nn/weight.h"
#include "ranklens/tn/manifold/tangent.h"

namespace ranklens::optim {

/// A TT matrix that is applied as it is and whose gradients come out as parts of a tangent vector:
/// its factors "core.K" [r, m, n, r'] are zeros, and their gradients those of gradient_in(). As a
/// linear map at the cost of the train itself (tn::tangent_linear()), elsewhere as the train of
/// twice the ranks of with_slots().
///
/// `like` is the weight of format "tt", `space` that of its cores (log_scale 0). It lives within a
/// step; it has no spec and is not stored. Not differentiable twice.
nn::Weight train_probe(const nn::Weight& like, const tn::TangentSpace& space);

}  // namespace ranklens::optim
