#pragma once

#include <string_view>

#include "ranklens/data/dataset.h"
#include "ranklens/nn/network.h"
#include "ranklens/train/compute.h"

namespace ranklens::train {

/// Takes one step on a copy of the network, on two of the images, and forgets it: an Error that the
/// optimiser has with this network (no weight of its kind, a budget that nothing fits, a layer that
/// is not there) comes before a folder is made and before hours of other trainings.
void try_step(const nn::Network& network, const data::Dataset& data, std::string_view optimiser,
              const Execution& execution = {});

}  // namespace ranklens::train
