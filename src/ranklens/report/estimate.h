#pragma once

#include <limits>

namespace ranklens::report {

/// A mean over `count` seeds with its 95 % interval; NaN where there is none (one seed: no
/// interval).
struct Estimate {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  int count = 0;
};

/// Which direction of a number is the good one.
enum class Better { Higher, Lower, None };

}  // namespace ranklens::report
