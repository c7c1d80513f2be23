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
/// "cp(r=48)"; instead of a rank "ratio=0.25", so many of the dense weight's numbers at most. A
/// convolution's low rank is that of the matrix [out, in * height * width]; its train is one of
/// that matrix, or, where `in` gives its channels alone, one whose first core is the window
/// (TTConv).
struct WeightSpec {
  enum class Format { dense, low_rank, tt, tucker, cp };
  Format format = Format::dense;
  Shape out{}, in{};
  Shape ranks{};
  /// Relative Frobenius tolerance; only for decomposing a given weight.
  std::optional<double> eps{};
  /// Stored numbers over the dense weight's, at most; in (0, 1), and not beside ranks.
  std::optional<double> ratio{};

  bool is_dense() const { return format == Format::dense; }
  friend bool operator==(const WeightSpec&, const WeightSpec&) = default;
};

/// Parses a spec; an Error names what is wrong and what would be right.
WeightSpec parse_weight_spec(std::string_view text);
std::string to_string(const WeightSpec& spec);

/// Whether a convolution of this shape gets a train whose first core is its window.
bool has_window_core(const WeightSpec& spec, const Shape& shape);

/// `count` factors of n, as equal as its prime factors allow, largest first: 2048, 3 -> 16, 16, 8.
Shape balanced_modes(std::int64_t n, std::size_t count);

/// The spec with modes filled in where a `tt` has none: three balanced modes, two where a side has
/// fewer than 64 rows or columns; the channels' alone for a convolution with a window.
WeightSpec with_modes(WeightSpec spec, const Shape& shape);

/// Checks the spec against the dense shape it is to store and fills in what it leaves open: modes
/// of a train, ranks for a ratio (the largest that keep to it: one for all bonds, in proportion to
/// the channels of a Tucker kernel), one rank repeated for all bonds. That one is an upper bound,
/// lowered where a bond or mode can have less; Error where none can have as much, or where a rank
/// for one place is more than that place can have (tn/train/rank_bounds.h).
WeightSpec resolve(WeightSpec spec, const Shape& shape);

/// The numbers that a weight of this shape stores; `spec` as resolve() returns it.
std::int64_t stored_numbers(const WeightSpec& spec, const Shape& shape);

}  // namespace ranklens::nn
