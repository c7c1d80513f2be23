#include "ranklens/study/loss_by_seconds.h"

#include <gtest/gtest.h>

namespace ranklens::study {
namespace {

std::vector<train::EpochMetrics> two_epochs() {
  return {{.epoch = 1, .loss = 3, .seconds = 2}, {.epoch = 2, .loss = 1, .seconds = 4}};
}

TEST(LossBySeconds, IsTheMeanOverTheTimeThatWasAskedFor) {
  EXPECT_EQ(training_seconds(two_epochs()), 6);
  EXPECT_DOUBLE_EQ(*mean_loss_until(two_epochs(), 1), 3);
  EXPECT_DOUBLE_EQ(*mean_loss_until(two_epochs(), 4), (2 * 3 + 2 * 1) / 4.);
  EXPECT_DOUBLE_EQ(*mean_loss_until(two_epochs(), 6), (2 * 3 + 4 * 1) / 6.);
}

TEST(LossBySeconds, IsNothingWhereThereIsNoTime) {
  EXPECT_FALSE(mean_loss_until(two_epochs(), 6.5));
  EXPECT_FALSE(mean_loss_until(two_epochs(), 0));
  EXPECT_FALSE(mean_loss_until({}, 1));
}

}  // namespace
}  // namespace ranklens::study
