#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ranklens/report/estimate.h"

namespace ranklens::report {

/// Decimals that show a number of this size with three significant digits at least: 1 for 123.4,
/// 3 for 0.123 and 1.234, 5 for 0.00123; -1 (an exponent) below 1e-6.
int decimals(double size);

/// The number with that many decimals, U+2212 for minus, a thin space between thousands, "–" for
/// NaN and infinities. Negative `decimals`: scientific with two digits.
std::string number(double value, int decimals);

/// "[0.12, 0.34]", or nothing if the estimate has no interval.
std::string interval(const Estimate& estimate, int decimals);

/// Columns that UTF-8 text takes on a terminal, one for each code point.
std::size_t display_width(std::string_view text);

}  // namespace ranklens::report
