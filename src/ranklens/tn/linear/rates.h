#pragma once

#include <c10/core/ScalarType.h>

#include "ranklens/tn/linear/schedule.h"

namespace ranklens::tn {

/// What the cost model takes a processor for. Only ratios matter to a choice, so these are typical
/// figures and not measured ones: a choice that wavered with the load of the machine would change
/// the last bits of results from run to run. The one difference between processors that matters,
/// who multiplies dense float32 matrices, is base::product_kernel()'s.
Rates typical_rates(at::ScalarType type);

}  // namespace ranklens::tn
