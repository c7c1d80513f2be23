#pragma once

#include "ranklens/nn/weight.h"
#include "ranklens/tn/manifold/tangent.h"

namespace ranklens::optim {

/// A weight of format "tt" or "tt_conv" that is applied as it is and whose gradients come out as
/// parts of a tangent vector: its factors are zeros of the sizes of the weight's, and their
/// gradients what gradient_in() takes. A TT matrix as a linear map and a convolution over a window
/// cost what the train itself costs (tn::tangent_linear(), tangent_convolution()); all else goes
/// through the train of twice the ranks of with_slots().
///
/// `like` is the weight, `space` that of its cores (log_scale 0). It lives within a step; it has no
/// spec and is not stored. Not differentiable twice.
nn::Weight train_probe(const nn::Weight& like, const tn::TangentSpace& space);

}  // namespace ranklens::optim
