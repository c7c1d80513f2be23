#include "ranklens/tn/train/rank_bounds.h"

#include <functional>
#include <limits>

#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/modes.h"
#include "ranklens/tn/train/sparse.h"

#include "testing/expect_error.h"
#include "tn/values.h"

namespace ranklens::tn {
namespace {

using testing::expect_error;
using testing::noise;

constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();

TEST(RankBounds, AreWhatUnfoldingsCanHave) {
  EXPECT_EQ(most_bond_ranks({3, 4, 5, 2}), (Shape{3, 10, 2}));
  EXPECT_EQ(most_bond_ranks({7}), Shape{});
  EXPECT_EQ(most_bond_ranks({1, 5}), Shape{1});
  EXPECT_EQ(most_mode_ranks({3, 4, 5}), (Shape{3, 4, 5}));
  EXPECT_EQ(most_mode_ranks({2, 10, 2}), (Shape{2, 4, 2}));
  EXPECT_EQ(most_mode_ranks({9}), Shape{1});
  EXPECT_EQ(enough_terms({3, 4, 5}), 12);
  EXPECT_EQ(enough_terms({6}), 1);
  // Products beyond any integer: a thousand sites of two.
  EXPECT_EQ(most_bond_ranks(Shape(1000, 2))[499], kLargest);
  EXPECT_EQ(most_bond_ranks(Shape(1000, 2))[61], std::int64_t{1} << 62);
}

TEST(RankBounds, OneNumberIsForAllPlaces) {
  EXPECT_EQ(bounds_within({}, {3, 10, 2}, "bond"), Shape(3, kLargest));
  EXPECT_EQ(bounds_within({10}, {3, 10, 2}, "bond"), Shape(3, 10));
  EXPECT_EQ(bounds_within({3, 10, 2}, {3, 10, 2}, "bond"), (Shape{3, 10, 2}));
  expect_error([] { bounds_within({11}, {3, 10, 2}, "bond"); },
               "rank 11 is above 10, the most that any bond can have");
  expect_error([] { bounds_within({1, 1, 3}, {3, 10, 2}, "mode"); },
               "rank 3 of mode 2 is above 2, the most that this mode can have");
  expect_error([] { bounds_within({0}, {3}, "bond"); }, "at least 1, not 0");
  EXPECT_EQ(bounds_within({1}, {}, "bond"), Shape{});
  expect_error([] { bounds_within({2}, {}, "bond"); }, "rank 2 is above 1");
}

// Wherever a tensor of known modes is given ranks: 3 x 4 x 5 has bonds of 3 and 5 at most.
TEST(RankBounds, HoldInEveryOperationOnTrains) {
  const auto dense = noise({3, 4, 5}, at::kDouble);
  const auto train = decompose(dense).train;
  const auto places = at::zeros({1, 3}, at::kLong);
  const auto one = at::ones({1}, at::kDouble);
  const auto all = [&](const Shape& ranks) {
    return std::vector<std::function<void()>>{
        [&, ranks] { decompose(dense, {.ranks = ranks}); },
        [&, ranks] { decompose(dense, {.eps = 0.5, .ranks = ranks}); },
        [&, ranks] { round(train, {.ranks = ranks}); },
        [&, ranks] { round(train, {.ranks = ranks, .method = RoundMethod::gram}); },
        [&, ranks] { round(train, {.ranks = ranks, .method = RoundMethod::randomised}); },
        [&, ranks] { round_sum({train}, {1.0}, {.ranks = ranks}); },
        [&, ranks] { permute(train, {0, 1, 2}, {.ranks = ranks}); },
        [&, ranks] { from_coordinates(places, one, {3, 4, 5}, {.ranks = ranks}); }};
  };
  for (const auto& run : all({5})) EXPECT_NO_THROW(run());
  for (const auto& run : all({3, 5})) EXPECT_NO_THROW(run());
  for (const auto& run : all({6})) expect_error(run, "rank 6 is above 5");
  for (const auto& run : all({4, 5})) expect_error(run, "rank 4 of bond 0 is above 3");
  // Of another order the bonds are others: 5 x 3 x 4 has 5 and 4.
  EXPECT_NO_THROW(permute(train, {2, 0, 1}, {.ranks = {5, 4}}));
  expect_error([&] { permute(train, {2, 0, 1}, {.ranks = {3, 5}}); }, "of bond 1 is above 4");
  // A train whose ranks are below its modes' may be given what the modes can have.
  EXPECT_NO_THROW(round(ones({3, 4, 5}), {.ranks = {3, 5}}));
  // A thousand sites: no product overflows.
  EXPECT_NO_THROW(round(ones(Shape(1000, 2)), {.ranks = {1 << 20}}));
  expect_error([&] { decompose(noise({6, 20}, at::kDouble), {2, 3}, {4, 5}, {.ranks = {9}}); },
               "rank 9 is above 8");
}

}  // namespace
}  // namespace ranklens::tn
