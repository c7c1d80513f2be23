#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/weight_spec.h"

namespace ranklens::nn {

/// How the weights of the layers are stored whose names match a pattern.
struct LayerRule {
  std::string pattern;  ///< a name with `*` and `?`
  WeightSpec spec;
};

/// The first rule that matches a layer counts.
using LayerRules = std::vector<LayerRule>;

/// Reads "conv*: tucker(r=8x8); head: tt(r=16)"; no rule in "". Error for bad form or format.
LayerRules parse_layer_rules(std::string_view text);

/// Whether a name matches a pattern in which `*` stands for any characters and `?` for one.
bool matches(std::string_view pattern, std::string_view name);

/// The rule of a layer; null where none matches.
const LayerRule* rule_for(const LayerRules& rules, std::string_view layer);

/// An Error, naming the nearest layer, for a rule whose pattern matches none of them.
void require_matched(const LayerRules& rules, const std::vector<std::string>& layers);

}  // namespace ranklens::nn
