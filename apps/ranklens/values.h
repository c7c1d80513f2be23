#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ranklens::app {

/// How values are written behind flags, where several commands take them.

/// "512M", "2G", "1000000": bytes.
std::int64_t parse_bytes(const std::string& text);

/// "a, b(c=1,d=2)" -> {"a", "b(c=1,d=2)"}; a comma at the end is allowed: "7," is a list of one.
std::vector<std::string> split_list(const std::string& text);

}  // namespace ranklens::app
