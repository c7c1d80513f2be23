#pragma once

#include <string_view>

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// Whether an entry of the shape `found` can stand where one of the shape `expected` was made: of
/// the same shape, or both the core [r, n, r'] of a matrix product state ("NAME.core.3"), whose
/// ranks training may have changed, with the same n.
bool same_but_for_ranks(std::string_view name, const Shape& found, const Shape& expected);

}  // namespace ranklens::nn
