#pragma once

#include <string>
#include <string_view>

namespace ranklens::base {

/// Base 64 with padding (RFC 4648, section 4), no line breaks.
std::string encode_base64(std::string_view bytes);

}  // namespace ranklens::base
