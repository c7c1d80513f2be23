#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ranklens::report {

using Rgb = std::array<std::uint8_t, 3>;

/// 256 colours in sRGB, from the lowest value to the highest.
using ColorMap = std::array<Rgb, 256>;

/// "viridis", "magma" (both of even lightness steps), "jet" (as the original experiment; it draws
/// edges where values have none), "coolwarm" (diverging, for signed values: zero in the middle).
/// Error for any other name.
const ColorMap& color_map(std::string_view name);

/// The names color_map knows, the default first.
std::vector<std::string> color_map_names();

}  // namespace ranklens::report
