#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// How a weight is to be stored: "dense", "low_rank(r=20)", "tt(out=8x4x4,in=16x16x8,r=16)" (one
/// rank for all bonds, or "r=16x8"), "tucker(r=32x32)" (of outputs and inputs, or one for both),
/// "cp(r=48)". A convolution's low rank is that of the matrix [out, in * height * width]; its train
/// is one of that matrix, or, where `in` gives its channels alone, one whose first core is the
/// window (TTConv).
struct WeightSpec {
  enum class Format { dense, low_rank, tt, tucker, cp };
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

/// Whether a convolution of this shape gets a train whose first core is its window.
bool has_window_core(const WeightSpec& spec, const Shape& shape);

/// Checks the spec against the dense shape it is to store and fills in what it leaves open: repeats
/// a single rank over all bonds and lowers ranks to what the shape can have.
WeightSpec resolve(WeightSpec spec, const Shape& shape);

}  // namespace ranklens::nn
