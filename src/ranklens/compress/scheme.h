#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// One part of a scheme: the layers whose names match a pattern, and how their weights are stored.
struct Rule {
  std::string pattern;  ///< a name with `*` and `?`
  nn::WeightSpec spec;
};

/// How a network is to be compressed: rules (the first that matches a layer counts, others stay as
/// they are), or formats and ranks of all layers together such that this share of their numbers is
/// kept.
struct Scheme {
  std::vector<Rule> rules;
  std::optional<double> ratio;
  /// Factors are stored even where they are no fewer numbers than the weight is now.
  bool even_if_larger = false;
};

/// Reads "conv*: tucker(eps=0.05); head: tt(r=16)" or "auto(ratio=0.25)". `tt` without `out` and
/// `in` takes balanced modes (nn::with_modes). Error for bad form, an unknown format, a ratio
/// outside (0, 1).
Scheme parse_scheme(std::string_view text);

/// Whether a name matches a pattern in which `*` stands for any characters and `?` for one.
bool matches(std::string_view pattern, std::string_view name);

}  // namespace ranklens::compress
