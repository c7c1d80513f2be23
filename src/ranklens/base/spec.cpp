#include "ranklens/base/spec.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"

namespace ranklens::base {
SpecReader::SpecReader(std::string_view text, std::string_view what)
    : whole_(trim(text)), what_(what) {
  const std::string_view whole = whole_;
  const auto open = std::min(whole.find('('), whole.size());
  name_ = trim(whole.substr(0, open));
  require(!name_.empty(), "the {} '{}' has no name", what_, whole_);
  if (open == whole.size()) return;
  require(whole.back() == ')', "the {} '{}' lacks its closing parenthesis", what_, whole_);
  std::string_view rest = whole.substr(open + 1, whole.size() - open - 2);
  while (!trim(rest).empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    const auto piece = trim(rest.substr(0, end));
    const auto equals = std::min(piece.find('='), piece.size());
    const std::string key(trim(piece.substr(0, equals)));
    require(!key.empty(), "'{}' in the {} '{}' is not of the form key=value", piece, what_, whole_);
    require(std::none_of(arguments_.begin(), arguments_.end(),
                         [&](const auto& one) { return one.first == key; }),
            "the {} '{}' gives '{}' twice", what_, whole_, key);
    const bool bare = equals == piece.size();
    arguments_.emplace_back(key, bare ? "true" : trim(piece.substr(equals + 1)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

const std::string* SpecReader::find(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
  for (const auto& [given, value] : arguments_) {
    if (given == key) return &value;
  }
  return nullptr;
}

double SpecReader::number(std::string_view key, double fallback, double low, double high) {
  const std::string* given = find(key);
  if (given == nullptr) return fallback;
  const auto value = parse_number<double>(*given);
  require(value && *value >= low && *value <= high,
          "{} in the {} '{}' is a number from {} to {}, not '{}'", key, what_, whole_, low, high,
          *given);
  return *value;
}

std::int64_t SpecReader::integer(std::string_view key, std::int64_t fallback, std::int64_t low,
                                 std::int64_t high) {
  const std::string* given = find(key);
  if (given == nullptr) return fallback;
  const auto value = parse_number<std::int64_t>(*given);
  const bool bounded = high < std::numeric_limits<std::int64_t>::max();
  require(value && *value >= low && *value <= high,
          "{} in the {} '{}' is a whole number {}, not '{}'", key, what_, whole_,
          bounded ? fmt::format("from {} to {}", low, high) : fmt::format("of at least {}", low),
          *given);
  return *value;
}

bool SpecReader::flag(std::string_view key, bool fallback) {
  const std::string* given = find(key);
  if (given == nullptr) return fallback;
  const bool on = *given == "true" || *given == "1";
  require(on || *given == "false" || *given == "0", "{} in the {} '{}' is true or false, not '{}'",
          key, what_, whole_, *given);
  return on;
}

std::string SpecReader::text(std::string_view key, std::string_view fallback) {
  const std::string* given = find(key);
  return given == nullptr ? std::string(fallback) : *given;
}

bool SpecReader::has(std::string_view key) { return find(key) != nullptr; }

void SpecReader::refuse(std::string_view key, std::string_view reason) const {
  require(std::none_of(arguments_.begin(), arguments_.end(),
                       [&](const auto& one) { return one.first == key; }),
          "{}", reason);
}

void SpecReader::finish() const {
  for (const auto& [key, value] : arguments_) {
    require(std::find(asked_.begin(), asked_.end(), key) != asked_.end(),
            "the {} '{}' has no option '{}'{}", what_, name_, key, nearest_hint(key, asked_));
  }
}

}  // namespace ranklens::base
