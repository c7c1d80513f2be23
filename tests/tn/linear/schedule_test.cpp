#include "ranklens/tn/linear/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ranklens::tn {
namespace {

using ::testing::HasSubstr;

TrainModes even(std::int64_t mode, std::size_t cores, std::int64_t rank) {
  TrainModes modes{.out = std::vector<std::int64_t>(cores, mode),
                   .in = std::vector<std::int64_t>(cores, mode),
                   .ranks = std::vector<std::int64_t>(cores + 1, rank)};
  modes.ranks.front() = modes.ranks.back() = 1;
  return modes;
}

double multiply_adds(const TrainModes& modes, const Schedule& schedule) {
  double sum = 0;
  for (const auto& s : step_sizes(modes, schedule, 1)) sum += s.multiply_adds();
  return sum;
}

TEST(Schedule, TwoHalvesCostTwoRanksOverTheRootOfTheSide) {
  // r (1/m_1 + 1/n_2) of the dense product: tensor trains of equal halves, N = M = 4096.
  const auto modes = even(8, 4, 16);
  const Schedule halves{.steps = {{2, 4, false}, {0, 2, true}}, .stored = {}};
  EXPECT_DOUBLE_EQ(multiply_adds(modes, halves) / (4096.0 * 4096), 2 * 16.0 / 64);
  const Schedule from_left{.steps = {{0, 2, true}, {2, 4, false}}, .stored = {}};
  EXPECT_DOUBLE_EQ(multiply_adds(modes, from_left) / (4096.0 * 4096), 2 * 16.0 / 64);
}

TEST(Schedule, StepsMultiplyWhatTheirStateHolds) {
  const TrainModes modes{.out = {2, 3, 5}, .in = {7, 11, 13}, .ranks = {1, 4, 6, 1}};
  const Schedule schedule{.steps = {{0, 1, true}, {2, 3, false}, {1, 2, true}}, .stored = {}};
  const auto sizes = step_sizes(modes, schedule, 10);
  ASSERT_EQ(sizes.size(), 3);
  const auto check = [](const StepSizes& s, std::int64_t batches, std::int64_t rows,
                        std::int64_t inner, std::int64_t columns) {
    EXPECT_EQ(s.batches, batches);
    EXPECT_EQ(s.rows, rows);
    EXPECT_EQ(s.inner, inner);
    EXPECT_EQ(s.columns, columns);
  };
  check(sizes[0], 10, 2 * 4, 7, 11 * 13);          // [B, n1, (n2 n3)] -> [B, m1, r1, (n2 n3)]
  check(sizes[1], 10 * 2 * 4 * 11, 6 * 5, 13, 1);  // -> [B, m1, r1, n2, r2, m3]
  check(sizes[2], 10 * 2, 3, 4 * 11 * 6, 5);       // -> [B, m1, m2, m3]
}

TEST(Schedule, ARankAboveHalfTheRootIsRebuilt) {
  EXPECT_TRUE(plan_application(even(8, 4, 64), {.batch = 1024}).rebuild);
  EXPECT_FALSE(plan_application(even(8, 4, 8), {.batch = 256}).rebuild);
}

TEST(Schedule, LongTrainsAreNotMergedInTheMiddle) {
  const auto modes = even(2, 24, 4);
  const auto schedule = plan_application(modes, {.batch = 64});
  EXPECT_FALSE(schedule.rebuild);
  EXPECT_GT(schedule.steps.size(), 2);
  // No way that merges all into halves is near: 4096 x 4096 halves of rank 4.
  const Schedule halves{.steps = {{12, 24, false}, {0, 12, true}}, .stored = {}};
  EXPECT_LT(multiply_adds(modes, schedule), multiply_adds(modes, halves) / 10);
}

TEST(Schedule, ASearchedOrderIsNeverDearerThanAnyHandMadeOne) {
  const TrainModes modes{.out = {24, 24, 24}, .in = {16, 16, 8}, .ranks = {1, 16, 16, 1}};
  for (const bool training : {false, true}) {
    const ScheduleOptions options{.batch = 512, .training = training};
    const auto best = plan_application(modes, options);
    for (const bool batch_last : {false, true}) {
      for (const auto& steps : {std::vector<Absorption>{{0, 1, true}, {1, 2, true}, {2, 3, true}},
                                std::vector<Absorption>{{2, 3, false}, {1, 2, false}, {0, 1, true}},
                                std::vector<Absorption>{{0, 1, true}, {1, 3, false}},
                                std::vector<Absorption>{{1, 3, false}, {0, 1, true}},
                                std::vector<Absorption>{{0, 2, true}, {2, 3, false}}}) {
        const Schedule other{
            .steps = steps, .batch_last = batch_last, .tile = best.tile, .stored = {}};
        EXPECT_LE(best.seconds, expected_seconds(modes, other, options) * 1.0001);
      }
    }
  }
}

TEST(Schedule, TheCheapestOfAllThatAreComparedIsTaken) {
  for (const bool training : {false, true}) {
    const ScheduleOptions options{
        .batch = 96, .training = training, .store = 1e12, .rates = {.panels = 9e10}};
    const auto modes = even(8, 4, 6);
    const auto best = plan_application(modes, options);
    const auto all = possible_schedules(modes, options);
    EXPECT_THAT(all, ::testing::Contains(best));
    bool tiles = false, panels = false, rebuilt = false, strips = false;
    for (const auto& one : all) {
      EXPECT_GE(one.seconds, best.seconds);
      (one.rebuild ? one.panels ? strips : rebuilt : one.panels ? panels : tiles) = true;
    }
    EXPECT_TRUE(tiles && panels && rebuilt && strips);
  }
}

TEST(Schedule, StoringStaysWithinItsAllowance) {
  const auto modes = even(8, 4, 8);
  const auto none = plan_application(modes, {.batch = 256, .training = true});
  EXPECT_THAT(none.stored, ::testing::Each(false));
  const auto all = plan_application(modes, {.batch = 256, .training = true, .store = 1e12});
  ASSERT_GT(all.steps.size(), 1);
  EXPECT_THAT(all.stored, ::testing::Contains(true));
}

TEST(Schedule, IsReadAloud) {
  const Schedule schedule{.steps = {{0, 2, true}, {3, 4, false}, {2, 3, true}},
                          .batch_last = true,
                          .tile = 64,
                          .stored = {}};
  EXPECT_EQ(describe(schedule),
            "cores 1-2 merged from the left, then core 4 from the right, then core 3; batch last, "
            "64 rows at once");
  EXPECT_THAT(describe(plan_application(even(8, 4, 64), {.batch = 1024})), HasSubstr("rebuilt"));
}

}  // namespace
}  // namespace ranklens::tn
