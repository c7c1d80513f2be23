// Whole studies of tiny networks: any number of processes, killed at any moment, leave the same.
#include "ranklens/study/run.h"

#include <chrono>
#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/json.h"
#include "ranklens/base/product.h"
#include "ranklens/base/random.h"
#include "ranklens/base/threads.h"
#include "ranklens/study/folder.h"

#include "study/tiny.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;
namespace fs = std::filesystem;

/// What must not depend on how often a run was killed: all but times.
nlohmann::json without_times(nlohmann::json cell) {
  cell.erase("seconds");
  for (auto& epoch : cell.at("history")) {
    epoch.erase("seconds");
    epoch.erase("images_per_second");
    epoch.erase("validation_seconds");
    epoch.erase("processor_seconds");
  }
  return cell;
}

/// Every cell of the folder and its maps.
std::map<std::string, std::string> contents(const fs::path& folder, bool times = false) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::directory_iterator(folder / "cells")) {
    const auto name = entry.path().filename().string();
    if (name.starts_with('.')) continue;  // the temporary of a killed process
    const bool json = entry.path().extension() == ".json";
    all[name] = json && !times ? without_times(base::read_json(entry.path())).dump()
                               : base::read_file(entry.path());
  }
  return all;
}

class StudyRun : public ::testing::Test {
 protected:
  void SetUp() override {
    base::set_threads(1);
    base::set_product_kernel(base::ProductKernel::libtorch);
  }
  void TearDown() override { base::clear_interrupt(); }

  /// A process of its own that works on the folder, and writes a line for each cell it made.
  pid_t start(const Config& config, const fs::path& folder) {
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        auto options = quiet(folder);
        options.note = [&](const std::string& line) {
          std::ofstream(folder / ("log-" + std::to_string(::getpid())), std::ios::app)
              << line << '\n';
        };
        run(config, options);
        ::_exit(0);
      } catch (...) {
        ::_exit(3);
      }
    }
    return child;
  }

  /// The lines about finished cells that all processes wrote.
  std::vector<std::string> log(const fs::path& folder) {
    std::vector<std::string> lines;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.path().filename().string().starts_with("log-")) continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);)
        if (line.find("accuracy") != std::string::npos) lines.push_back(line);
    }
    return lines;
  }

  TemporaryFolder whole_, shared_;
};

TEST_F(StudyRun, MakesEveryCellWithEveryScore) {
  const auto config = tiny();
  std::vector<std::string> notes, stages;
  auto options = quiet(whole_.path());
  options.speed_seconds = 0.05;
  options.note = [&](const std::string& line) { notes.push_back(line); };
  options.progress = [&](const base::ProgressUpdate& update) { stages.emplace_back(update.stage); };
  const auto results = run(config, options);
  ASSERT_EQ(results.cells.size(), 4u);
  EXPECT_EQ(notes.size(), 4u);
  EXPECT_THAT(notes[3], ::testing::StartsWith("4 of 4: low-rank-s2: accuracy "));
  for (const auto* stage : {"1/4 train dense-s1", "2/4 evaluate low-rank-s1",
                            "4/4 explain low-rank-s2", "speed of the networks"})
    EXPECT_THAT(stages, ::testing::Contains(stage));
  for (const auto& cell : results.cells) {
    EXPECT_EQ(cell.history.size(), 1u);
    for (const auto* key : {"gradcam", "smoothgrad", "gradcam untrained", "smoothgrad untrained",
                            "random", "sobel", "centre_prior"}) {
      ASSERT_TRUE(cell.scores.contains(key)) << key;
      for (const auto* metric : {"mass_accuracy", "gini", "deletion", "insertion_logit"})
        EXPECT_TRUE(cell.scores.at(key).contains(metric)) << key << " " << metric;
    }
    for (const auto* pair : {"gradcam~smoothgrad", "gradcam~smoothgrad untrained"})
      EXPECT_TRUE(cell.agreement.at(pair).contains("spearman"));
    EXPECT_TRUE(cell.left_out.empty());
    for (const auto* stage : {"train", "validate", "evaluate", "explain", "measure"})
      EXPECT_GT(cell.seconds.at(stage), 0) << stage;
  }
  EXPECT_GT(results.cells[0].parameters, results.cells[1].parameters);
  EXPECT_EQ(results.pictures.at("dense").maps.at("gradcam").sizes(), at::IntArrayRef({2, 32, 32}));
  EXPECT_GT(results.speeds.at("low-rank").training, 0);
  EXPECT_EQ(results.speeds.at("low-rank").run, results.speeds.at("dense").run);
  EXPECT_FALSE(results.interrupted);
  EXPECT_EQ(results.answers.size(), 8u);

  // Once more: nothing is left to do, and nothing is done.
  const auto before = contents(whole_.path(), true);
  notes.clear();
  EXPECT_EQ(run(config, options).cells.size(), 4u);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(contents(whole_.path(), true), before);

  // Data that changed under the same name.
  auto cell = *find_cell(config, whole_.path(), "dense", 1);
  cell.provenance["training data"] = "0123456789abcdef";
  write_cell(whole_.path(), cell);
  auto more = config;
  more.seeds.push_back(3);
  expect_error([&] { run(more, options); }, "holds cells of other data");
}

TEST_F(StudyRun, ProcessesShareAFolderAndMakeEachCellOnce) {
  const auto config = tiny();
  run(config, quiet(whole_.path()));
  for (const int processes : {2, 3}) {
    const TemporaryFolder folder;
    std::vector<pid_t> children;
    for (int k = 0; k < processes; ++k) children.push_back(start(config, folder.path()));
    for (const auto child : children) {
      int status = 0;
      ::waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(contents(folder.path()), contents(whole_.path())) << processes << " processes";
    EXPECT_EQ(log(folder.path()).size(), 4u);
  }
}

TEST_F(StudyRun, KilledAtAnyMomentNothingIsLostOrRepeated) {
  auto config = tiny();
  config.epochs = config.full_epochs = 2;
  const auto begin = std::chrono::steady_clock::now();
  run(config, quiet(whole_.path()));
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::steady_clock::now() - begin)
                         .count();
  base::Stream random(11, "kill");
  std::map<std::string, std::string> finished;
  int kills = 0;
  // The first ten together are shorter than the whole run, on a fast machine as on a slow one; then
  // longer and longer, so that it comes to an end.
  for (int status = 0; kills < 200; ++kills) {
    const pid_t child = start(config, shared_.path());
    const auto longest = whole / 12 * (kills < 10 ? 1 : kills - 8);
    ::usleep(static_cast<useconds_t>(random.below(static_cast<std::uint64_t>(longest))));
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) break;  // it had finished
    if (!fs::exists(shared_ / "cells")) continue;
    const auto now = contents(shared_.path(), true);
    for (const auto& [name, bytes] : finished) {
      // A cell's maps are written before it, so they alone may be written once more.
      if (name.ends_with(".json")) {
        EXPECT_EQ(now.at(name), bytes) << name << " was made again";
      }
    }
    finished = now;
  }
  EXPECT_GE(kills, 10);
  const auto results = run(config, quiet(shared_.path()));
  EXPECT_EQ(results.cells.size(), 4u);
  EXPECT_EQ(contents(shared_.path()), contents(whole_.path()));
}

TEST_F(StudyRun, AnInterruptedRunGoesOn) {
  const auto config = tiny();
  run(config, quiet(whole_.path()));
  auto options = quiet(shared_.path());
  options.note = [](const std::string&) { base::request_interrupt(); };
  const auto part = run(config, options);
  EXPECT_TRUE(part.interrupted);
  EXPECT_EQ(part.cells.size(), 1u);
  base::clear_interrupt();
  EXPECT_EQ(run(config, quiet(shared_.path())).cells.size(), 4u);
  EXPECT_EQ(contents(shared_.path()), contents(whole_.path()));
}

TEST_F(StudyRun, ADivergedCellIsKeptAndSaid) {
  auto config = tiny();
  config.optimiser = "sgd(lr=1e6)";
  config.arms = {"dense"};
  config.seeds = {1};
  config.epochs = config.full_epochs = 3;
  const auto results = run(config, quiet(whole_.path()));
  ASSERT_EQ(results.cells.size(), 1u);
  EXPECT_THAT(results.cells[0].failure, ::testing::HasSubstr("not finite"));
  EXPECT_FALSE(results.pictures.contains("dense"));
}

// Weights after the only step at such a rate are finite yet, what they answer is not.
TEST_F(StudyRun, ATrainingWhoseAnswersAreNotFiniteStopsNoOther) {
  auto config = tiny();
  config.arms = {"dense", "low-rank"};
  config.seeds = {1};
  config.batch = 48;
  config.epochs = config.full_epochs = 1;
  config.optimiser = "sgd(lr=1e4)";
  const auto results = run(config, quiet(whole_.path()));
  ASSERT_EQ(results.cells.size(), 2U);
  for (const auto& cell : results.cells) {
    EXPECT_NE(cell.failure, "") << cell.arm;
    EXPECT_TRUE(cell.scores.empty());
  }
  EXPECT_TRUE(results.pictures.empty());
}

TEST_F(StudyRun, WhatIsWrongIsSaidBeforeAnythingIsWritten) {
  const auto refused = [&](auto change, const std::string& part) {
    auto config = tiny();
    change(config);
    expect_error([&] { run(config, quiet(whole_ / "run")); }, part);
    EXPECT_FALSE(fs::exists(whole_ / "run")) << part;
  };
  refused([](Config& c) { c.methods = {"smoothgrad(sample=2)"}; }, "sample");
  refused([](Config& c) { c.methods = {"gradcam(layer=nowhere)"}; }, "nowhere");
  refused([](Config& c) { c.data = "cifar10:nowhere"; }, "'nowhere' is no folder");
  refused([](Config& c) { c.data = "scene"; }, "nearest: 'scenes'");
  refused([](Config& c) { c.images = "test:99-100"; }, "asks for image 100");
  refused([](Config& c) { c.optimiser = "adam(lr=fast)"; }, "fast");
  refused([](Config& c) { c.schedule = "plateau(patience=1)"; },
          "by the images that a study judges on");
  // The second arm's optimiser has nothing to do: said before the first is trained.
  refused(
      [](Config& c) {
        c.recipes = {"bug = dense @ bug(tau=0.1)"};
        c.arms = {"dense", "bug"};
      },
      "bug");
  refused(
      [](Config& c) {
        c.recipes = {"bug = dense @ bug(tau=0.1,layers=fc9:0.1) with head: low_rank(r=4)"};
        c.arms = {"dense", "bug"};
      },
      "fc9");
}

}  // namespace
}  // namespace ranklens::study
