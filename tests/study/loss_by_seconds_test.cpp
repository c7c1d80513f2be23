#include "ranklens/study/loss_by_seconds.h"

#include <cmath>

#include <gtest/gtest.h>

namespace ranklens::study {
namespace {

constexpr auto kWall = train::Clock::wall;

std::vector<train::EpochMetrics> two_epochs() {
  return {{.epoch = 1, .loss = 3, .seconds = 2}, {.epoch = 2, .loss = 1, .seconds = 4}};
}

TEST(LossBySeconds, IsTheMeanOverTheTimeThatWasAskedFor) {
  EXPECT_EQ(training_seconds(two_epochs(), kWall), 6);
  EXPECT_DOUBLE_EQ(*mean_loss_until(two_epochs(), 1, kWall), 3);
  EXPECT_DOUBLE_EQ(*mean_loss_until(two_epochs(), 4, kWall), (2 * 3 + 2 * 1) / 4.);
  EXPECT_DOUBLE_EQ(*mean_loss_until(two_epochs(), 6, kWall), (2 * 3 + 4 * 1) / 6.);
}

TEST(LossBySeconds, MayBeOfTheProcessorsTime) {
  auto epochs = two_epochs();
  for (auto& one : epochs) one.processor_seconds = 1;
  const auto processor = train::Clock::processor;
  EXPECT_EQ(training_seconds(epochs, processor), 2);
  EXPECT_DOUBLE_EQ(*mean_loss_until(epochs, 2, processor), 2);
}

// What was trained by an earlier version, or on another device, has the clock's time alone.
TEST(LossBySeconds, IsByTheProcessorsTimeWhereEveryEpochHasIt) {
  Cell old;
  old.history = two_epochs();
  Cell measured = old, begun_before = old;
  for (auto& one : measured.history) one.processor_seconds = 1;
  begun_before.history = measured.history;
  begun_before.history[0].processor_seconds = std::nan("");
  EXPECT_EQ(clock_of({measured, measured}), train::Clock::processor);
  EXPECT_EQ(clock_of({measured, old}), kWall);
  EXPECT_EQ(clock_of({begun_before}), kWall);
}

TEST(LossBySeconds, IsNothingWhereThereIsNoTime) {
  EXPECT_FALSE(mean_loss_until(two_epochs(), 6.5, kWall));
  EXPECT_FALSE(mean_loss_until(two_epochs(), 0, kWall));
  EXPECT_FALSE(mean_loss_until({}, 1, kWall));
}

}  // namespace
}  // namespace ranklens::study
