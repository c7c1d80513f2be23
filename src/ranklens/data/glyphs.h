#pragma once

#include <array>
#include <cstdint>

namespace ranklens::data {

inline constexpr int glyph_width = 5, glyph_height = 7;

/// Seven rows of five pixels, the left one in bit 4. Letters are capitals; a character without a
/// picture is an empty box.
const std::array<std::uint8_t, glyph_height>& glyph(char character);

}  // namespace ranklens::data
