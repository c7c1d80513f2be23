#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/state.h"

namespace ranklens::optim {

/// The trainable weights stored in factors that an optimiser (by its spec) moves one factor at a
/// time, as any tensors: its steps then depend on how a weight happens to be split.
std::vector<std::string> factor_by_factor(const nn::State& state, std::string_view optimiser);

/// That it does so and what would not, in a sentence for people; "" where there is no such weight.
std::string factor_note(const nn::State& state, std::string_view optimiser);

}  // namespace ranklens::optim
