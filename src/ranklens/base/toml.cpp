#include "ranklens/base/toml.h"

#include <cmath>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"

namespace ranklens::base {
namespace {

template <class Value>
std::string printed(const Value& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

nlohmann::json to_json(const toml::node& node, std::string_view what) {
  if (const auto* table = node.as_table()) {
    auto object = nlohmann::json::object();
    for (const auto& [key, value] : *table) object[std::string(key.str())] = to_json(value, what);
    return object;
  }
  if (const auto* array = node.as_array()) {
    auto list = nlohmann::json::array();
    for (const auto& value : *array) list.push_back(to_json(value, what));
    return list;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* truth = node.as_boolean()) return truth->get();
  if (const auto* number = node.as_floating_point()) {
    require(std::isfinite(number->get()), "{}, line {}: a number must be finite", what,
            node.source().begin.line);
    return number->get();
  }
  if (const auto* date = node.as_date()) return printed(date->get());
  if (const auto* time = node.as_time()) return printed(time->get());
  return printed(node.as_date_time()->get());
}

}  // namespace

nlohmann::json parse_toml(std::string_view text, std::string_view what) {
  try {
    const toml::table table = toml::parse(text);
    return to_json(table, what);
  } catch (const toml::parse_error& error) {
    const std::string said(error.description());
    // As of: data = scenes
    const bool unquoted = said.find("could not determine value type") != said.npos;
    fail("{}, line {}: {}", what, error.source().begin.line,
         unquoted ? "this value is no number, truth or list; texts stand in quotes: key = \"text\""
                  : said);
  }
}

nlohmann::json read_toml(const std::filesystem::path& path) {
  return parse_toml(read_file(path), fmt::format("'{}'", path.string()));
}

}  // namespace ranklens::base
