#include "ranklens/tn/train/rank_bounds.h"

#include <algorithm>
#include <limits>

#include "ranklens/base/error.h"

namespace ranklens::tn {
namespace {

constexpr auto kUnbounded = std::numeric_limits<std::int64_t>::max();

std::int64_t saturated_product(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kUnbounded / b ? kUnbounded : a * b;
}

/// The products of the first 0, 1, ... d sizes.
Shape products_before(const Shape& sizes) {
  Shape products{1};
  for (const auto n : sizes) products.push_back(saturated_product(products.back(), n));
  return products;
}

}  // namespace

Shape most_bond_ranks(const Shape& modes) {
  const auto d = modes.size();
  const auto left = products_before(modes);
  const auto right = products_before(Shape(modes.rbegin(), modes.rend()));
  Shape most;
  for (std::size_t k = 1; k < d; ++k) most.push_back(std::min(left[k], right[d - k]));
  return most;
}

Shape most_mode_ranks(const Shape& modes) {
  const auto d = modes.size();
  const auto left = products_before(modes);
  const auto right = products_before(Shape(modes.rbegin(), modes.rend()));
  Shape most;
  for (std::size_t k = 0; k < d; ++k)
    most.push_back(std::min(modes[k], saturated_product(left[k], right[d - k - 1])));
  return most;
}

std::int64_t enough_terms(const Shape& modes) {
  base::require(!modes.empty(), "a single number has no modes to decompose");
  auto others = modes;
  others.erase(std::max_element(others.begin(), others.end()));
  return products_before(others).back();
}

void require_terms(std::int64_t rank, const Shape& modes) {
  const auto enough = enough_terms(modes);
  base::require(rank >= 1 && rank <= enough,
                "the rank of a sum of rank-one tensors must be between 1 and {}, which always "
                "suffices for this shape; it is {}",
                enough, rank);
}

Shape bounds_within(const Shape& asked, const Shape& most, std::string_view place) {
  for (const auto rank : asked) base::require(rank >= 1, "a rank must be at least 1, not {}", rank);
  if (asked.empty()) return Shape(most.size(), kUnbounded);
  if (asked.size() != 1) {
    for (std::size_t k = 0; k < most.size(); ++k)
      base::require(asked[k] <= most[k],
                    "rank {} of {} {} is above {}, the most that this {} can have", asked[k], place,
                    k, most[k], place);
    return asked;
  }
  const auto largest = most.empty() ? 1 : *std::max_element(most.begin(), most.end());
  base::require(asked[0] <= largest, "rank {} is above {}, the most that any {} can have here",
                asked[0], largest, place);
  return Shape(most.size(), asked[0]);
}

}  // namespace ranklens::tn
