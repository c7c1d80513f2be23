#include "ranklens/report/format.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ranklens/base/utf8.h"

namespace ranklens::report {

int decimals(double size) {
  size = std::abs(size);
  if (!std::isfinite(size) || size == 0) return 3;
  if (size < 1e-6) return -1;
  if (size >= 1000) return 0;
  const int digits = static_cast<int>(std::floor(std::log10(size)));
  return digits >= 1 ? 3 - digits : std::max(3, 2 - digits);
}

namespace {

/// "1234567" with a thin space (U+2009) between groups of three digits.
std::string grouped(const std::string& digits) {
  std::string result;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) result += "\u2009";
    result += digits[i];
  }
  return result;
}

}  // namespace

std::string number(double value, int decimals) {
  if (!std::isfinite(value)) return "–";
  std::string text = decimals < 0 ? fmt::format("{:.1e}", std::abs(value))
                                  : fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool zero = text.find_first_of("123456789") == std::string::npos;
  if (decimals >= 0) {
    const auto point = std::min(text.find('.'), text.size());
    // Four digits stand without a gap, as is usual in print.
    if (point > 4) text = grouped(text.substr(0, point)) + text.substr(point);
  } else if (const auto minus = text.find('-'); minus != std::string::npos) {
    text.replace(minus, 1, "−");
  }
  return value < 0 && !zero ? "−" + text : text;
}

std::string interval(const Estimate& estimate, int decimals) {
  // Values without any spread say nothing of how far the mean may be off.
  if (estimate.low == estimate.high) return "";
  if (!std::isfinite(estimate.low) || !std::isfinite(estimate.high)) return "";
  return fmt::format("[{}, {}]", number(estimate.low, decimals), number(estimate.high, decimals));
}

std::size_t display_width(std::string_view text) { return base::count_code_points(text); }

}  // namespace ranklens::report
