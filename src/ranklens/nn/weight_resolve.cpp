// What a weight spec leaves open, filled in for a given shape.

#include <algorithm>

#include <c10/util/accumulate.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/weight_spec.h"
#include "ranklens/tn/train/rank_bounds.h"

namespace ranklens::nn {
namespace {

using Format = WeightSpec::Format;

std::int64_t columns_of(const Shape& shape) { return c10::multiply_integers(shape) / shape[0]; }

void resolve_low_rank(WeightSpec& spec, const Shape& shape) {
  const auto most = std::min(shape[0], columns_of(shape));
  base::require(spec.ranks.size() == 1, "low_rank needs one rank: low_rank(r=20)");
  base::require(spec.ranks[0] >= 1, "a rank must be at least 1, not {}", spec.ranks[0]);
  base::require(spec.ranks[0] <= most,
                "rank {} is above {}, the most that a weight of shape {} can have", spec.ranks[0],
                most, fmt::join(shape, "x"));
}

/// What the ranks of outputs and inputs can be, the window as a third mode.
Shape most_channel_ranks(const Shape& shape) {
  const auto most = tn::most_mode_ranks({shape[0], shape[1], columns_of(shape) / shape[1]});
  return {most[0], most[1]};
}

void resolve_tucker(WeightSpec& spec, const Shape& shape) {
  if (spec.ranks.size() == 1) spec.ranks.push_back(spec.ranks[0]);
  base::require(spec.ranks.size() == 2,
                "tucker needs two ranks, of outputs and inputs: tucker(r=32x32)");
  const auto most = most_channel_ranks(shape);
  for (std::size_t k = 0; k < 2; ++k) spec.ranks[k] = std::min(spec.ranks[k], most[k]);
}

void resolve_cp(const WeightSpec& spec, const Shape& shape) {
  base::require(spec.ranks.size() == 1, "cp needs one rank: cp(r=48)");
  base::require(shape.size() == 2 || shape.size() == 4,
                "only a matrix or the kernel of a convolution has a CP form here");
}

/// The sizes of a train's cores: of a window, if it has one, then of each pair of modes.
Shape core_sizes(const WeightSpec& spec, const Shape& shape) {
  Shape sizes;
  if (has_window_core(spec, shape)) sizes.push_back(shape[2] * shape[3]);
  for (std::size_t k = 0; k < spec.out.size(); ++k) sizes.push_back(spec.out[k] * spec.in[k]);
  return sizes;
}

/// The modes are checked.
void resolve_tt(WeightSpec& spec, const Shape& shape) {
  const auto d = spec.out.size();
  const auto most = tn::most_bond_ranks(core_sizes(spec, shape));
  if (spec.ranks.size() == 1) spec.ranks.assign(most.size(), spec.ranks[0]);
  if (has_window_core(spec, shape)) {
    base::require(spec.ranks.size() == d, "a train of a window and {} cores has {} ranks, not {}",
                  d, d, spec.ranks.size());
  } else {
    base::require(spec.ranks.size() == d - 1, "a tt of {} cores has {} ranks, not {}", d, d - 1,
                  spec.ranks.size());
  }
  for (std::size_t k = 0; k < most.size(); ++k) spec.ranks[k] = std::min(spec.ranks[k], most[k]);
}

void check_modes(const WeightSpec& spec, const Shape& shape) {
  base::require(!spec.out.empty() && spec.in.size() == spec.out.size(),
                "tt needs as many output modes as input modes, not {} and {}", spec.out.size(),
                spec.in.size());
  if (has_window_core(spec, shape)) return;
  base::require(c10::multiply_integers(spec.out) == shape[0] &&
                    c10::multiply_integers(spec.in) == columns_of(shape),
                "tt modes out={} and in={} do not give a weight of {} outputs and {} inputs",
                fmt::join(spec.out, "x"), fmt::join(spec.in, "x"), shape[0], columns_of(shape));
}

void resolve_ranks(WeightSpec& spec, const Shape& shape) {
  if (spec.format == Format::low_rank) resolve_low_rank(spec, shape);
  if (spec.format == Format::tt) resolve_tt(spec, shape);
  if (spec.format == Format::tucker) resolve_tucker(spec, shape);
  if (spec.format == Format::cp) resolve_cp(spec, shape);
}

/// Error where a rank is more than its bond or mode can have, or one for all than any can.
void check_ranks(const WeightSpec& spec, const Shape& shape) {
  if (spec.format == Format::tt)
    tn::bounds_within(spec.ranks, tn::most_bond_ranks(core_sizes(spec, shape)), "bond");
  if (spec.format == Format::tucker)
    tn::bounds_within(spec.ranks, most_channel_ranks(shape), "mode");
  if (spec.format == Format::cp) tn::require_terms(spec.ranks[0], shape);
}

/// The spec at the `size`-th of a row of growing ranks.
WeightSpec of_size(WeightSpec spec, const Shape& shape, std::int64_t size) {
  spec.ratio.reset();
  spec.ranks = {size};
  if (spec.format == Format::tucker) {
    const auto largest = std::max(shape[0], shape[1]);
    spec.ranks = {std::max<std::int64_t>(1, shape[0] * size / largest),
                  std::max<std::int64_t>(1, shape[1] * size / largest)};
  }
  resolve_ranks(spec, shape);
  return spec;
}

WeightSpec within_ratio(const WeightSpec& spec, const Shape& shape) {
  const auto whole = c10::multiply_integers(shape);
  const auto budget = static_cast<std::int64_t>(*spec.ratio * static_cast<double>(whole));
  const auto numbers = [&](std::int64_t size) {
    return stored_numbers(of_size(spec, shape, size), shape);
  };
  base::require(numbers(1) <= budget,
                "even at rank 1 a weight of shape {} keeps {} numbers, more than the {} that the "
                "ratio {} leaves: give it a larger one, or leave it dense",
                fmt::join(shape, "x"), numbers(1), budget, *spec.ratio);
  std::int64_t fits = 1, most = whole + 1;  // the first size that is known not to fit, or to exist
  if (spec.format == Format::low_rank) most = std::min(shape[0], columns_of(shape)) + 1;
  while (most - fits > 1) {
    const auto middle = fits + (most - fits) / 2;
    (numbers(middle) <= budget ? fits : most) = middle;
  }
  return of_size(spec, shape, fits);
}

/// Of a train's cores [left, out, in, right], and of its window where it has one.
std::int64_t numbers_of_train(const WeightSpec& spec, const Shape& shape) {
  const bool window = has_window_core(spec, shape);
  Shape bonds = spec.ranks;
  if (!window) bonds.insert(bonds.begin(), 1);
  bonds.push_back(1);
  std::int64_t sum = window ? shape[2] * shape[3] * bonds[0] : 0;
  for (std::size_t k = 0; k < spec.out.size(); ++k)
    sum += bonds[k] * spec.out[k] * spec.in[k] * bonds[k + 1];
  return sum;
}

}  // namespace

Shape balanced_modes(std::int64_t n, std::size_t count) {
  base::require(n >= 1 && count >= 1, "only a positive number has modes");
  Shape primes;
  for (std::int64_t p = 2; n > 1; ++p) {
    if (p * p > n) p = n;
    for (; n % p == 0; n /= p) primes.push_back(p);
  }
  Shape modes(count, 1);
  std::sort(primes.rbegin(), primes.rend());
  for (const auto p : primes) *std::min_element(modes.begin(), modes.end()) *= p;
  std::sort(modes.rbegin(), modes.rend());
  return modes;
}

WeightSpec with_modes(WeightSpec spec, const Shape& shape) {
  if (spec.format != Format::tt) return spec;
  if (spec.out.empty() && spec.in.empty()) {
    const bool window = shape.size() == 4 && shape[2] * shape[3] > 1;
    const auto ins = window ? shape[1] : columns_of(shape);
    const std::size_t count = std::min(shape[0], ins) < 64 ? 2 : 3;
    spec.out = balanced_modes(shape[0], count);
    spec.in = balanced_modes(ins, count);
  }
  check_modes(spec, shape);
  return spec;
}

WeightSpec resolve(WeightSpec spec, const Shape& shape) {
  if (spec.is_dense()) return spec;
  base::require(shape.size() >= 2, "only a weight of two or more dimensions can be stored as {}",
                to_string(spec));
  base::require(!spec.ranks.empty() || spec.ratio,
                "a fresh weight needs a rank or a ratio, not only a tolerance: '{}'",
                to_string(spec));
  spec = with_modes(std::move(spec), shape);
  if (spec.ratio) return within_ratio(spec, shape);
  const auto asked = spec;
  resolve_ranks(spec, shape);
  check_ranks(asked, shape);
  return spec;
}

std::int64_t stored_numbers(const WeightSpec& spec, const Shape& shape) {
  const auto whole = c10::multiply_integers(shape);
  switch (spec.format) {
    case Format::dense:
      return whole;
    case Format::low_rank:
      return spec.ranks[0] * (shape[0] + columns_of(shape));
    case Format::tt:
      return numbers_of_train(spec, shape);
    case Format::tucker: {
      const auto p = spec.ranks[0], q = spec.ranks[1];
      return shape[0] * p + shape[1] * q + p * q * (whole / (shape[0] * shape[1]));
    }
    case Format::cp: {
      std::int64_t sum = 0;
      for (const auto size : shape) sum += size;
      return spec.ranks[0] * sum;
    }
  }
  return whole;
}

}  // namespace ranklens::nn
