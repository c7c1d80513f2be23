#include "ranklens/train/step_log.h"

#include <cmath>
#include <fstream>
#include <sstream>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/data/loader.h"
#include "ranklens/train/fit.h"

#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using nlohmann::json;
using ranklens::testing::TemporaryFolder;

std::vector<json> lines_of(const std::filesystem::path& path) {
  std::istringstream text(base::read_file(path));
  std::vector<json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  return lines;
}

TEST(StepLog, KeepsEachSoManyth) {
  const TemporaryFolder folder;
  StepLog log(folder.path(), 3);
  for (std::int64_t step = 1; step <= 7; ++step)
    log.add(step, 0.5 * static_cast<double>(step), {{"rank/a", 4}, {"cut/a", std::nan("")}});
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "steps.jsonl"));
  log.write();
  log.write();  // nothing waits any more
  const auto lines = lines_of(folder.path() / "steps.jsonl");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].at("step"), 6);
  EXPECT_EQ(lines[1].at("loss"), 3.0);
  EXPECT_EQ(lines[1].at("observed").at("rank/a"), 4);
  EXPECT_TRUE(lines[1].at("observed").at("cut/a").is_null());
}

TEST(StepLog, ForgetsWhatIsMadeAgainAndWhatWasCutOff) {
  const TemporaryFolder folder;
  StepLog log(folder.path(), 1);
  for (std::int64_t step = 1; step <= 5; ++step) log.add(step, 1, {{"rank/a", 2}});
  log.write();
  std::ofstream(folder.path() / "steps.jsonl", std::ios::app) << "{\"step\": 2, \"lo";
  log.resume(3);
  EXPECT_EQ(lines_of(folder.path() / "steps.jsonl").size(), 3U);
}

TEST(StepLog, NothingObservedIsNoFile) {
  const TemporaryFolder folder;
  StepLog log(folder.path(), 1);
  log.add(1, 1, {});
  log.write();
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "steps.jsonl"));
  StepLog nowhere({}, 1);
  nowhere.add(1, 1, {{"rank/a", 2}});
  nowhere.write();
}

FitResult trained(const std::filesystem::path& folder, const base::Progress& progress = {}) {
  return fit(tiny_network(), tiny_data(64, 1), tiny_data(32, 2),
             {.epochs = 3,
              .batch = 16,
              .optimiser = "bug(lr=5e-3,tau=0.1)",
              .seed = 3,
              .folder = folder,
              .progress = progress});
}

TEST(StepLog, TrainsOfManyBondsTakeTwoNumbers) {
  const TemporaryFolder folder;
  StepLog log(folder.path(), 1);
  std::map<std::string, double> observed{{"cut/mps", 0.5}};
  for (int k = 0; k < 196; ++k) observed["rank/mps." + std::to_string(k)] = k == 7 ? 30 : 2;
  log.add(1, 1, observed);
  log.write();
  const auto line = lines_of(folder.path() / "steps.jsonl").at(0).at("observed");
  EXPECT_EQ(line.size(), 3U);
  EXPECT_EQ(line.at("rank/mps largest"), 30);
  EXPECT_DOUBLE_EQ(line.at("rank/mps mean"), 2 + 28. / 196);
}

TEST(StepLog, WhatLedToADivergenceIsThere) {
  const TemporaryFolder folder;
  constexpr std::uint64_t seed = 3;
  // The third batch of the first epoch has an image that is none.
  auto data = tiny_data(64, 1);
  data.images[data::epoch_order(64, seed, 0, true)[40].item<std::int64_t>()].fill_(std::nan(""));
  const auto result = fit(tiny_network(), data, {},
                          {.epochs = 3,
                           .batch = 16,
                           .optimiser = "bug(lr=5e-3,tau=0.1)",
                           .seed = seed,
                           .folder = folder.path()});
  ASSERT_EQ(result.ending, FitResult::Ending::diverged);
  ASSERT_EQ(result.steps, 2);
  const auto lines = lines_of(folder.path() / "steps.jsonl");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines.back().at("observed").contains("rank/head.weight"));
}

TEST(StepLog, HasEveryStepOnceHoweverOftenTheRunWasStopped) {
  const TemporaryFolder whole, stopped;
  trained(whole.path());
  const auto expected = lines_of(whole.path() / "steps.jsonl");
  ASSERT_EQ(expected.size(), 12U);
  EXPECT_EQ(expected.back().at("step"), 12);
  EXPECT_EQ(expected.back().at("observed").at("rank/head.weight"), 2);
  EXPECT_TRUE(expected.back().at("observed").contains("drift/head.weight"));
  for (;;) {
    int steps = 0;
    const auto part = trained(stopped.path(), [&](const base::ProgressUpdate&) {
      if (++steps == 5) base::request_interrupt();
    });
    base::clear_interrupt();
    if (part.ending == FitResult::Ending::finished) break;
    // As if it had been killed after it wrote lines that its checkpoint does not know of.
    std::ofstream(stopped.path() / "steps.jsonl", std::ios::app) << R"({"step": 11, "loss": 0})"
                                                                    "\n";
  }
  EXPECT_EQ(lines_of(stopped.path() / "steps.jsonl"), expected);
}

}  // namespace
}  // namespace ranklens::train
