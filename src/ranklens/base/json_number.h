#pragma once

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace ranklens::base {

/// A figure for JSON, which has neither NaN nor infinity: what is not finite is null.
inline nlohmann::json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

/// The figure back, NaN for null; nlohmann's type_error for anything else.
inline double number_or_nan(const nlohmann::json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

}  // namespace ranklens::base
