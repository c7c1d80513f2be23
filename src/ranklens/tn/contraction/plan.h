#pragma once

#include "ranklens/tn/contraction/path.h"

namespace ranklens::tn {

/// A path within milliseconds: the better of a few greedy ones.
Path quick_path(const Expression& expression);

}  // namespace ranklens::tn
