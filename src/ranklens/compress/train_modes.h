#pragma once

#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// A dense weight [out, in, ...] with its modes as those of the train that stores it: the window
/// first where it has a core of its own, then each output mode together with its input mode.
/// `modes` as nn::with_modes() returns them.
at::Tensor in_train_modes(const at::Tensor& dense, const nn::WeightSpec& modes);

}  // namespace ranklens::compress
