#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ranklens::base {

/// A code point and how many bytes it takes.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};

/// The code point that a text in UTF-8 begins with; nothing where the text is empty or malformed
/// there: a stray or missing continuation byte, an overlong form, a surrogate, or a point above
/// U+10FFFF (RFC 3629, section 3).
std::optional<CodePoint> first_code_point(std::string_view text);

/// The code points of a text in UTF-8. Error, with the byte, where it is malformed.
std::u32string decode_utf8(std::string_view text);

/// A code point in UTF-8.
std::string encode_utf8(char32_t point);

/// How many code points a text has, if it is well-formed.
std::size_t count_code_points(std::string_view text);

}  // namespace ranklens::base
