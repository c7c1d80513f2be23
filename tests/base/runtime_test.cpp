#include <csignal>

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/progress.h"
#include "ranklens/base/threads.h"
#include "ranklens/base/version.h"

namespace ranklens::base {
namespace {

using ::testing::HasSubstr;

TEST(Progress, LineSaysRateAndTimeLeft) {
  const ProgressUpdate update{
      .stage = "train", .done = 2500, .total = 10000, .unit = "images", .note = "loss 1.5"};
  EXPECT_EQ(render_progress(update, 10, 250, 200),
            "train [#####...............]  25% 250 images/s 0:30 left, loss 1.5");
  EXPECT_EQ(render_progress(update, 10, 250, 12), "train [#####");
}

TEST(Progress, ANarrowTerminalKeepsTheTimesAndDropsTheRest) {
  const ProgressUpdate update{.stage = "3/12 train tt-matched seed 13112022",
                              .done = 1000,
                              .total = 2000,
                              .unit = "images",
                              .note = "whole run 1:05:00, loss 1.234, epoch 2/6"};
  EXPECT_EQ(render_progress(update, 10, 250, 200),
            "3/12 train tt-matched seed 13112022 [##########..........]  50% 250 images/s 0:04 "
            "left, whole run 1:05:00, loss 1.234, epoch 2/6");
  EXPECT_EQ(render_progress(update, 10, 250, 79),
            "3/12 train tt-matched seed 13112022  50% 0:04 left, whole run 1:05:00, loss 1.2");
  EXPECT_EQ(render_progress(update, 10, 250, 70),
            "3/12 train tt-matched seed 13112022  50% 0:04 left, whole run 1:05:00,");
}

TEST(Progress, UnknownTotalShowsTimeSpent) {
  EXPECT_EQ(render_progress({.stage = "scan", .done = 12345, .unit = "files"}, 61, 50.5, 80),
            "scan 12.3k 50.5 files/s 1:01");
}

TEST(Progress, NeverBeyondFull) {
  EXPECT_THAT(render_progress({.stage = "s", .done = 12, .total = 10}, 1, 0, 80),
              HasSubstr("[####################] 100%"));
}

TEST(Progress, Seconds) {
  EXPECT_EQ(render_seconds(7.4), "0:07");
  EXPECT_EQ(render_seconds(725), "12:05");
  EXPECT_EQ(render_seconds(11045), "3:04:05");
  EXPECT_EQ(render_seconds(-3), "0:00");
}

// The tests' stderr is no terminal, or quiet is asked for: either way nothing to call.
TEST(Progress, QuietHasNoCallback) {
  ProgressBar bar(true);
  EXPECT_FALSE(bar.callback());
  EXPECT_NO_THROW(report(bar.callback(), {.stage = "x"}));
}

TEST(Interrupt, FirstSignalSetsTheFlag) {
  install_interrupt_handlers();
  clear_interrupt();
  EXPECT_FALSE(interrupted());
  std::raise(SIGTERM);
  EXPECT_TRUE(interrupted());
  clear_interrupt();
  EXPECT_FALSE(interrupted());
}

TEST(InterruptDeathTest, SecondSignalKills) {
  EXPECT_EXIT(
      {
        install_interrupt_handlers();
        clear_interrupt();
        std::raise(SIGINT);
        std::raise(SIGINT);
      },
      ::testing::KilledBySignal(SIGINT), "");
}

TEST(Threads, ScopeRestores) {
  const int before = threads();
  {
    ThreadScope scope(3);
    EXPECT_EQ(threads(), 3);
    EXPECT_EQ(at::get_num_threads(), 3);
  }
  EXPECT_EQ(threads(), before);
  EXPECT_THROW(set_threads(0), Error);
}

TEST(Clock, RestartStartsAgain) {
  Stopwatch watch;
  while (watch.seconds() < 0.01) {
  }
  EXPECT_GE(watch.restart(), 0.01);
  EXPECT_LT(watch.seconds(), 0.01);
}

TEST(Version, NamesEverything) {
  EXPECT_THAT(version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(commit(), ::testing::MatchesRegex("([0-9a-f]{10,}(-changed)?)?"));
  EXPECT_THAT(version_and_commit(), ::testing::StartsWith(version()));
  EXPECT_THAT(version_and_commit(), ::testing::HasSubstr(commit()));
  EXPECT_THAT(libtorch_version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+.*"));
  EXPECT_FALSE(processor().empty());
  EXPECT_FALSE(instruction_set().empty());
}

}  // namespace
}  // namespace ranklens::base
