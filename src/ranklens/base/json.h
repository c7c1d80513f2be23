#pragma once

#include <filesystem>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace ranklens::base {

/// Parses JSON. `what` names the text in messages ("'run/manifest.json'"). Error, with line and
/// column, for bad syntax, for a key that is given twice in one object, and for more than 200
/// levels of nesting.
nlohmann::json parse_json(std::string_view text, std::string_view what);

/// parse_json of a file.
nlohmann::json read_json(const std::filesystem::path& path);

/// Writes indented JSON with a new line at the end, keys sorted.
void write_json(const std::filesystem::path& path, const nlohmann::json& value);

/// The same, unless the name is taken: then false (write_new_file).
bool write_new_json(const std::filesystem::path& path, const nlohmann::json& value);

}  // namespace ranklens::base
