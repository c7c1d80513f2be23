#pragma once

#include <cstdint>
#include <string>

namespace ranklens::app {

/// "512M", "2G", "1000000": bytes.
std::int64_t parse_bytes(const std::string& text);

}  // namespace ranklens::app
