#include "ranklens/base/error.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/ranges.h>

#include "ranklens/base/utf8.h"

namespace ranklens::base {
namespace {

/// So many names are all said where none is near.
constexpr std::size_t kFew = 6;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

/// What a name is told by: "aten::add" by "add", "--grey" by "grey".
std::string_view core_of(std::string_view name) {
  if (const auto colons = name.rfind("::"); colons != name.npos) name.remove_prefix(colons + 2);
  return name.substr(std::min(name.find_first_not_of('-'), name.size()));
}

/// Whether a name may have been meant: half of it is right, or it goes on.
bool is_near(std::string_view given, std::string_view candidate) {
  const auto name = core_of(given), other = core_of(candidate);
  if (name.size() >= 2 && other.find(name) != other.npos) return true;
  return edit_distance(name, other) <=
         std::max<std::size_t>(2, std::max(name.size(), other.size()) / 2);
}

/// Control characters, and bytes that are no UTF-8, become '?'.
std::string printable(std::string text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto point = first_code_point(std::string_view(text).substr(at));
    const bool good = point && point->value >= 0x20 && point->value != 0x7f;
    if (!good) text[at] = '?';  // a control character of ASCII is one byte long
    at += point ? point->bytes : 1;
  }
  return text;
}

}  // namespace

Error::Error(std::string message) : std::runtime_error(printable(std::move(message))) {}

std::vector<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates,
                                 std::size_t most) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const auto& candidate : candidates) {
    ranked.emplace_back(edit_distance(name, candidate), candidate);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(most, ranked.size()); ++i) names.push_back(ranked[i].second);
  return names;
}

std::string nearest_hint(std::string_view name, const std::vector<std::string>& candidates) {
  auto names = nearest(name, candidates);
  std::erase_if(names, [&](const auto& candidate) { return !is_near(name, candidate); });
  if (names.empty() && !candidates.empty() && candidates.size() <= kFew)
    return fmt::format("; there is '{}'", fmt::join(candidates, "', '"));
  if (names.empty()) return "";
  return fmt::format("; nearest: '{}'", fmt::join(names, "', '"));
}

}  // namespace ranklens::base
