#pragma once

#include <filesystem>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace ranklens::base {

/// Parses TOML 1.0 to the JSON value of the same shape: tables to objects, dates and times to text.
/// `what` names the text in messages:
/// "'study.toml', line 3: ...". Error for bad syntax, a key given twice, and numbers that are not
/// finite (JSON has none).
nlohmann::json parse_toml(std::string_view text, std::string_view what);

/// parse_toml of a file.
nlohmann::json read_toml(const std::filesystem::path& path);

}  // namespace ranklens::base
