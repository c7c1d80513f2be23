#include "ranklens/nn/layer_rules.h"

#include <algorithm>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"

namespace ranklens::nn {
namespace {

LayerRule parse_rule(std::string_view text) {
  const auto colon = text.find(':');
  base::require(colon != std::string_view::npos,
                "'{}' does not say how layers are stored: 'LAYERS: FORMAT', e.g. 'conv*: "
                "low_rank(r=16)'",
                text);
  const auto pattern = base::trim(text.substr(0, colon));
  base::require(!pattern.empty(), "'{}' names no layers before its colon", text);
  return {std::string(pattern), parse_weight_spec(base::trim(text.substr(colon + 1)))};
}

}  // namespace

LayerRules parse_layer_rules(std::string_view text) {
  LayerRules rules;
  while (true) {
    const auto end = std::min(text.find(';'), text.size());
    const auto part = base::trim(text.substr(0, end));
    if (!part.empty()) rules.push_back(parse_rule(part));
    if (end == text.size()) return rules;
    text.remove_prefix(end + 1);
  }
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

const LayerRule* rule_for(const LayerRules& rules, std::string_view layer) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const LayerRule& rule) {
    return matches(rule.pattern, layer);
  });
  return found == rules.end() ? nullptr : &*found;
}

void require_matched(const LayerRules& rules, const std::vector<std::string>& layers) {
  for (const auto& rule : rules) {
    const bool used = std::any_of(layers.begin(), layers.end(),
                                  [&](const auto& name) { return matches(rule.pattern, name); });
    base::require(used, "no layer that can be stored in factors is called '{}'{}", rule.pattern,
                  base::nearest_hint(rule.pattern, layers));
  }
}

}  // namespace ranklens::nn
