#include "ranklens/base/json.h"

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/utf8.h"

namespace ranklens::base {
namespace {

constexpr int kDeepest = 200;

// "[json.exception.parse_error.101] parse error at line 2, column 3: ..." -> "line 2, column 3:
// ..."
std::string json_reason(std::string_view message) {
  constexpr std::string_view lead = "parse error at ";
  if (const auto at = message.find(lead); at != std::string_view::npos) {
    return std::string(message.substr(at + lead.size()));
  }
  const auto bracket = message.find("] ");
  return std::string(bracket == std::string_view::npos ? message : message.substr(bracket + 2));
}

/// Says of a text that is none what is said of any other (decode_utf8).
void require_utf8(std::string_view text, std::string_view what) {
  try {
    decode_utf8(text);
  } catch (const Error& error) {
    fail("{} is no valid JSON: {}", what, error.what());
  }
}

std::string indented(const nlohmann::json& value) {
  return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

nlohmann::json parse_json(std::string_view text, std::string_view what) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, Event event, const nlohmann::json& value) {
    require(depth < kDeepest, "{} is nested deeper than {} levels", what, kDeepest);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& name = value.get_ref<const std::string&>();
      require(keys.back().insert(name).second, "{} gives the key '{}' twice", what, name);
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text, check);
  } catch (const nlohmann::json::exception& error) {
    require_utf8(text, what);
    fail("{} is no valid JSON: {}", what, json_reason(error.what()));
  }
}

nlohmann::json read_json(const std::filesystem::path& path) {
  return parse_json(read_file(path), fmt::format("'{}'", path.string()));
}

void write_json(const std::filesystem::path& path, const nlohmann::json& value) {
  write_file(path, indented(value));
}

bool write_new_json(const std::filesystem::path& path, const nlohmann::json& value) {
  return write_new_file(path, indented(value));
}

}  // namespace ranklens::base
