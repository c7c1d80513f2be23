#include "ranklens/tn/linear/application_cost.h"

#include <gtest/gtest.h>

#include "ranklens/tn/linear/schedule.h"

namespace ranklens::tn {
namespace {

const TrainModes kTwo{.out = {3, 5}, .in = {4, 2}, .ranks = {1, 6, 1}};

// Two halves by hand. From the left, a row of 4 x 2 numbers meets [3 6, 4]: 3 6 4 2 products; what
// is left, [3, 6 x 2], meets [5, 6 2]: 3 5 12.
TEST(ApplicationCost, OfTwoHalvesByHand) {
  const Schedule schedule{
      .steps = {{0, 1, true}, {1, 2, true}}, .tile = 4, .rebuild = false, .stored = {true}};
  const double products = 2.0 * 10 * (3 * 6 * 4 * 2 + 3 * 5 * 12);
  const auto forward = schedule_cost(kTwo, schedule, 10, 4, false);
  EXPECT_EQ(forward.forward, products);
  EXPECT_EQ(forward.backward, 0);
  EXPECT_EQ(forward.kept, 0);
  // Both matrices, and a tile's result of 3 x 6 x 2 numbers.
  EXPECT_EQ(forward.working, 4 * (18 * 4 + 5 * 12) + 4 * 4 * 36);
  const auto fast = schedule_cost(kTwo, schedule, 10, 4, true);
  EXPECT_EQ(fast.backward, 2 * products);
  EXPECT_EQ(fast.kept, 4 * 10 * 36);
  auto frugal = schedule;
  frugal.stored = {false};
  const auto low = schedule_cost(kTwo, frugal, 10, 4, true);
  EXPECT_EQ(low.kept, 0);
  EXPECT_EQ(low.backward, 2 * products + 2.0 * 10 * (3 * 6 * 4 * 2));
}

TEST(ApplicationCost, OfARebuiltMatrix) {
  const Schedule schedule{.steps = {{0, 2, true}}, .rebuild = true, .stored = {}};
  const double merging = 2.0 * 15 * 8 * 6, product = 2.0 * 10 * 15 * 8;
  const auto forward = schedule_cost(kTwo, schedule, 10, 4, false);
  EXPECT_EQ(forward.forward, merging + product);
  EXPECT_EQ(forward.working, 4 * 15 * 8);
  const auto both = schedule_cost(kTwo, schedule, 10, 4, true);
  EXPECT_EQ(both.backward, 2 * (merging + product));
  EXPECT_EQ(both.kept, 4 * 15 * 8);
}

}  // namespace
}  // namespace ranklens::tn
