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
  Schedule schedule{.steps = {{0, 2, true}}, .rebuild = true, .stored = {false}};
  const double merging = 2.0 * 15 * 8 * 6, product = 2.0 * 10 * 15 * 8;
  const auto forward = schedule_cost(kTwo, schedule, 10, 4, false);
  EXPECT_EQ(forward.forward, merging + product);
  EXPECT_EQ(forward.working, 4 * 15 * 8);
  const auto low = schedule_cost(kTwo, schedule, 10, 4, true);
  EXPECT_EQ(low.backward, 3 * merging + 2 * product);  // formed again
  EXPECT_EQ(low.kept, 0);
  schedule.stored = {true};
  const auto both = schedule_cost(kTwo, schedule, 10, 4, true);
  EXPECT_EQ(both.backward, 2 * (merging + product));
  EXPECT_EQ(both.kept, 4 * 15 * 8);
}

// The same products as two tiled steps, whichever kernels compute them.
TEST(ApplicationCost, OfTwoStepsInOnePass) {
  Schedule schedule{
      .steps = {{0, 1, true}, {1, 2, true}}, .tile = 16, .panels = true, .stored = {false}};
  const double first = 2.0 * 10 * 3 * 6 * 4 * 2, second = 2.0 * 10 * 3 * 5 * 12;
  EXPECT_EQ(schedule_cost(kTwo, schedule, 10, 4, false).forward, first + second);
  const auto low = schedule_cost(kTwo, schedule, 10, 4, true);
  EXPECT_EQ(low.kept, 0);
  EXPECT_EQ(low.backward, 3 * first + 2 * second);
  schedule.stored = {true};
  const auto fast = schedule_cost(kTwo, schedule, 10, 4, true);
  EXPECT_EQ(fast.kept, 4 * 10 * 3 * 2 * 6);
  EXPECT_EQ(fast.backward, 2 * (first + second));
}

// What is asked to keep nothing keeps nothing, whatever way the planner takes.
TEST(ApplicationCost, LowMemoryKeepsNothing) {
  for (const std::int64_t mode : {2, 4, 8}) {
    for (const std::int64_t rank : {1, 3, 16, 64}) {
      for (const std::int64_t batch : {1, 7, 128, 2048}) {
        const TrainModes modes{
            .out = {mode, 5, mode}, .in = {mode, 7, mode}, .ranks = {1, rank, rank, 1}};
        for (const double panels : {0.0, 9e10}) {
          const Rates rates{.panels = panels};
          const auto low = plan_application(
              modes, {.batch = batch, .training = true, .store = 0, .rates = rates});
          const auto fast = plan_application(
              modes, {.batch = batch, .training = true, .store = 1e12, .rates = rates});
          EXPECT_EQ(schedule_cost(modes, low, batch, 4, true).kept, 0) << describe(low);
          EXPECT_GE(schedule_cost(modes, fast, batch, 4, true).kept, 0);
          EXPECT_LE(fast.seconds, low.seconds * 1.0001) << describe(fast);
        }
      }
    }
  }
}

}  // namespace
}  // namespace ranklens::tn
