#pragma once

#include <limits>
#include <span>

#include "ranklens/study/statistics.h"

namespace ranklens::report {

/// A mean over `count` seeds (or images) with its 95 % interval; NaN where there is none (one seed:
/// no interval).
struct Estimate {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  int count = 0;
};

/// Nothing for no value, no interval for one.
Estimate estimate(const study::Summary& summary);
Estimate estimate(std::span<const study::SeedValue> values);

/// Which direction of a number is the good one.
enum class Better { Higher, Lower, None };

}  // namespace ranklens::report
