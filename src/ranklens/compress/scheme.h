#pragma once

#include <optional>
#include <string_view>

#include "ranklens/nn/layer_rules.h"

namespace ranklens::compress {

/// How a network is to be compressed: rules (the first that matches a layer counts, others stay as
/// they are), or formats and ranks of all layers together such that this share of their numbers is
/// kept.
struct Scheme {
  nn::LayerRules rules;
  std::optional<double> ratio;
  /// Factors are stored even where they are no fewer numbers than the weight is now.
  bool even_if_larger = false;
};

/// Reads "conv*: tucker(eps=0.05); head: tt(r=16)" or "auto(ratio=0.25)". `tt` without `out` and
/// `in` takes balanced modes (nn::with_modes). Error for bad form, an unknown format, a ratio
/// outside (0, 1).
Scheme parse_scheme(std::string_view text);

}  // namespace ranklens::compress
