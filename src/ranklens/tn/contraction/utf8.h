#pragma once

#include <string>
#include <string_view>

namespace ranklens::tn {

/// The code points of a text in UTF-8. Error, with the byte, where it is malformed: a stray or
/// missing continuation byte, an overlong form, a surrogate, or a point above U+10FFFF.
std::u32string decode_utf8(std::string_view text);

/// A code point in UTF-8.
std::string encode_utf8(char32_t point);

}  // namespace ranklens::tn
