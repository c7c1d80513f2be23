#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// How a weight is to be stored: "dense", "low_rank(r=20)", "tt(out=8x4x4,in=16x16x8,r=16)" (one
/// rank for all bonds, or "r=16x8"). Tensors of a convolution are taken as the matrix [out, in *
/// height * width].
struct WeightSpec {
  enum class Format { dense, low_rank, tt };
  Format format = Format::dense;
  Shape out, in;
  Shape ranks;
  /// Relative Frobenius tolerance; only for decomposing a given weight.
  std::optional<double> eps;

  bool is_dense() const { return format == Format::dense; }
  friend bool operator==(const WeightSpec&, const WeightSpec&) = default;
};

/// Parses a spec; an Error names what is wrong and what would be right.
WeightSpec parse_weight_spec(std::string_view text);
std::string to_string(const WeightSpec& spec);

/// Checks the spec against the dense shape it is to store and fills in what it leaves open: repeats
/// a single rank over all bonds and lowers ranks to what the shape can have.
WeightSpec resolve(WeightSpec spec, const Shape& shape);

}  // namespace ranklens::nn
