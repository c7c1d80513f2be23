#include "ranklens/compress/scheme.h"

#include <algorithm>

#include "ranklens/base/error.h"
#include "ranklens/base/spec.h"
#include "ranklens/base/text.h"

namespace ranklens::compress {
namespace {

Scheme parse_auto(std::string_view text) {
  base::SpecReader reader(text, "compression scheme");
  base::require(reader.has("ratio"), "the scheme 'auto' needs a ratio, e.g. auto(ratio=0.25)");
  const double ratio = reader.number("ratio", 1, 0, 1);
  reader.finish();
  base::require(ratio > 0 && ratio < 1, "the ratio of the scheme '{}' must be between 0 and 1",
                text);
  return {.rules = {}, .ratio = ratio};
}

Rule parse_rule(std::string_view text) {
  const auto colon = text.find(':');
  base::require(colon != std::string_view::npos,
                "'{}' is no part of a compression scheme: 'LAYERS: FORMAT', e.g. 'conv*: "
                "tucker(eps=0.05)', or 'auto(ratio=0.25)'",
                text);
  const auto pattern = base::trim(text.substr(0, colon));
  base::require(!pattern.empty(), "'{}' names no layers before its colon", text);
  return {std::string(pattern), nn::parse_weight_spec(base::trim(text.substr(colon + 1)))};
}

/// Cuts at semicolons.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = std::min(text.find(';'), text.size());
    const auto part = base::trim(text.substr(0, end));
    if (!part.empty()) parts.push_back(part);
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Scheme parse_scheme(std::string_view text) {
  const auto parts = parts_of(text);
  base::require(!parts.empty(), "the compression scheme is empty");
  if (parts.size() == 1 && parts[0].starts_with("auto") && parts[0].find(':') == parts[0].npos)
    return parse_auto(parts[0]);
  Scheme scheme;
  for (const auto part : parts) scheme.rules.push_back(parse_rule(part));
  return scheme;
}

bool matches(std::string_view pattern, std::string_view name) {
  // Where a star fails, it takes one character more: no other star needs to change.
  std::size_t p = 0, n = 0, star = pattern.npos, after = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++, after = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != pattern.npos) {
      p = star + 1, n = ++after;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

}  // namespace ranklens::compress
