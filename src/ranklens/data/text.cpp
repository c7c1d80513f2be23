#include "ranklens/data/text.h"

#include <algorithm>
#include <charconv>

#include "ranklens/base/error.h"

namespace ranklens::data {
namespace {

using base::require;

std::pair<std::string, std::string> parse_pair(std::string_view piece, std::string_view what) {
  const std::size_t mark = piece.find_first_of("=(");
  const std::string_view key = piece.substr(0, mark);
  require(!key.empty(), "{}: '{}' has no name before its value", what, piece);
  if (mark == std::string_view::npos) return {std::string(key), ""};
  std::string_view value = piece.substr(mark + 1);
  if (piece[mark] == '(') value.remove_suffix(1);
  return {std::string(key), std::string(value)};
}

template <class T>
T parse(std::string_view text, std::string_view what, T low, T high, std::string_view kind) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc{} && end == text.data() + text.size() && value >= low && value <= high,
          "{} is '{}'; {} from {} to {} is needed", what, text, kind, low, high);
  return value;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> parse_pairs(std::string_view text,
                                                             std::string_view what) {
  std::vector<std::pair<std::string, std::string>> pairs;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size() && !text.empty(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '(') ++depth;
    if (c == ')') --depth;
    // A parenthesis closes at the end of its piece, nowhere else.
    const bool ends = i == text.size() || (c == ',' && depth == 0);
    require(depth >= 0 && (c != ')' || depth > 0 || i + 1 == text.size() || text[i + 1] == ','),
            "{}: the parentheses of '{}' do not match", what, text);
    if (!ends) continue;
    require(depth == 0, "{}: the parentheses of '{}' do not match", what, text);
    pairs.push_back(parse_pair(text.substr(begin, i - begin), what));
    const auto same = [&](const auto& pair) { return pair.first == pairs.back().first; };
    require(std::none_of(pairs.begin(), pairs.end() - 1, same), "{}: '{}' is given twice", what,
            pairs.back().first);
    begin = i + 1;
  }
  return pairs;
}

std::int64_t parse_integer(std::string_view text, std::string_view what, std::int64_t low,
                           std::int64_t high) {
  return parse(text, what, low, high, "a whole number");
}

double parse_number(std::string_view text, std::string_view what, double low, double high) {
  return parse(text, what, low, high, "a number");
}

}  // namespace ranklens::data
