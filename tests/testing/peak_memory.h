#pragma once

#include "ranklens/base/peak_memory.h"

namespace ranklens::testing {

using base::allocated_by;
using base::PeakMemory;

}  // namespace ranklens::testing
