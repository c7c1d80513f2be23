#include "ranklens/study/run_progress.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/cells.h"

namespace ranklens::study {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Cell taking(const Config& config, const std::string& arm, std::uint64_t seed, double seconds) {
  auto cell = made_up_cell(config, arm, seed, 0);
  cell.seconds = {{"train", seconds - 1}, {"measure", 1}};
  return cell;
}

TEST(RunProgress, TheRestTakesWhatTheFinishedCellsTook) {
  const auto config = two_arms(3);
  RunProgress progress(config, {});
  EXPECT_TRUE(std::isnan(progress.seconds_left()));
  progress.finished(taking(config, "dense", 1, 10));
  EXPECT_DOUBLE_EQ(progress.seconds_left(), 5 * 10);
  progress.finished(taking(config, "tt", 1, 40));
  progress.finished(taking(config, "tt", 1, 40));  // told twice
  EXPECT_DOUBLE_EQ(progress.seconds_left(), 2 * 10 + 2 * 40);
  progress.finished(taking(config, "tt", 2, 20));
  EXPECT_DOUBLE_EQ(progress.seconds_left(), 2 * 10 + 30);
  progress.begin("tt", 3);
  EXPECT_NEAR(progress.seconds_left(), 2 * 10 + 30, 1);
  EXPECT_LT(progress.seconds_left(), 2 * 10 + 30);
}

TEST(RunProgress, AFailedCellSaysNothingOfTheOthers) {
  const auto config = two_arms(2);
  RunProgress progress(config, {});
  auto failed = taking(config, "dense", 1, 1000);
  failed.failure = "the loss became nan";
  progress.finished(failed);
  EXPECT_TRUE(std::isnan(progress.seconds_left()));
  EXPECT_THAT(progress.line(failed), StartsWith("1 of 4: dense-s1: the loss became nan"));
}

TEST(RunProgress, ALineForEveryFinishedCell) {
  const auto config = two_arms(1);
  RunProgress progress(config, {});
  auto cell = taking(config, "dense", 1, 63);
  cell.accuracy = 0.4567;
  progress.finished(cell);
  EXPECT_EQ(progress.line(cell),
            "1 of 2: dense-s1: accuracy 45.67 %, train 1:02, measure 0:01; about 1:03 left");
  const auto last = taking(config, "tt", 1, 2);
  progress.finished(last);
  EXPECT_THAT(progress.line(last), ::testing::Not(HasSubstr("left")));
}

TEST(RunProgress, StagesCarryTheCellsNumberAndTheWhole) {
  const auto config = two_arms(2);
  std::string stage, note;
  RunProgress progress(config, [&](const base::ProgressUpdate& update) {
    stage = update.stage;
    note = update.note;
  });
  const auto callback = progress.callback();
  progress.begin("dense", 1);
  callback({.stage = "train dense-s1", .done = 0, .total = 8, .note = "loss 2"});
  EXPECT_EQ(stage, "1/4 train dense-s1");
  EXPECT_EQ(note, "loss 2");
  callback({.stage = "train dense-s1", .done = 4, .total = 8, .note = "loss 1"});
  EXPECT_THAT(note, StartsWith("whole run 0:0"));
  EXPECT_THAT(note, HasSubstr(", loss 1"));
  progress.finished(taking(config, "dense", 1, 20));
  progress.begin("tt", 1);
  callback({.stage = "train tt-s1", .done = 0, .total = 8});
  EXPECT_EQ(stage, "2/4 train tt-s1");
  EXPECT_EQ(note, "whole run 1:00");
  EXPECT_FALSE(RunProgress(config, {}).callback());
}

}  // namespace
}  // namespace ranklens::study
