#pragma once

#include <utility>

#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// The data in two: what is left, and of each class the share (0 < share < 1) that is held out, to
/// the whole image below, evenly spread over the class's images in their order. An Error where that
/// is none at all, or leaves none.
std::pair<Dataset, Dataset> hold_out(const Dataset& data, double share);

}  // namespace ranklens::data
