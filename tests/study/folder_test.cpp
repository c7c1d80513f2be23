#include "ranklens/study/folder.h"

#include <atomic>
#include <cmath>
#include <fstream>
#include <thread>

#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/json.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/speed.h"

#include "study/cells.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;

TEST(StudyFolder, AnotherConfigurationIsRefusedByItsFirstDifference) {
  const TemporaryFolder folder;
  const auto config = two_arms();
  open_folder(config, folder / "run");
  EXPECT_NO_THROW(open_folder(config, folder / "run"));
  auto other = config;
  other.batch = 64;
  other.width = 8;
  const auto before = base::read_file(folder / "run" / "study.json");
  expect_error([&] { open_folder(other, folder / "run"); },
               "holds a study of another configuration: batch is 128 there and 64 here");
  EXPECT_EQ(base::read_file(folder / "run" / "study.json"), before);
}

TEST(StudyFolder, ArmsSeedsAndTitleMayGrow) {
  const TemporaryFolder folder;
  auto config = two_arms();
  open_folder(config, folder.path());
  config.title = "another";
  config.arms.push_back("low-rank");
  config.seeds.push_back(99);
  EXPECT_NO_THROW(open_folder(config, folder.path()));
}

TEST(StudyFolder, CheckingWritesNothing) {
  const TemporaryFolder folder;
  check_folder(two_arms(), folder / "run");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  std::ofstream(folder / "file") << "in the way";
  expect_error([&] { check_folder(two_arms(), folder / "file"); }, "is no folder");
}

// Two processes that begin at once: one configuration is the folder's, whoever wrote it.
TEST(StudyFolder, OfTwoThatBeginAtOnceOneWins) {
  auto other = two_arms();
  other.batch = 64;
  for (int round = 0; round < 50; ++round) {
    const TemporaryFolder folder;
    std::atomic<int> ready{0}, won{0};
    const auto begin = [&](const Config& config) {
      ++ready;
      while (ready < 2) {
      }
      try {
        open_folder(config, folder.path());
        ++won;
      } catch (const base::Error&) {
      }
    };
    std::thread beside(begin, two_arms());
    begin(other);
    beside.join();
    ASSERT_EQ(won, 1) << "in round " << round;
  }
}

TEST(StudyFolder, CellsWithoutTheirStudyAreRefused) {
  const TemporaryFolder folder;
  open_folder(two_arms(), folder.path());
  write_cell(folder.path(), made_up_cell(two_arms(), "tt", 1, 0));
  std::filesystem::remove(folder / "study.json");
  expect_error([&] { open_folder(two_arms(), folder.path()); }, "but not its study.json");
}

TEST(StudyFolder, WhatAnotherCommandLeftIsRefused) {
  const TemporaryFolder folder;
  base::write_json(folder / "manifest.json", {{"command", "train"}});
  expect_error([&] { check_folder(two_arms(), folder.path()); },
               "holds the result of 'ranklens train'");
  std::filesystem::remove(folder / "manifest.json");
  std::ofstream(folder / "images.npy") << "data";
  expect_error([&] { open_folder(two_arms(), folder.path()); },
               "is not empty ('images.npy' is there)");
  EXPECT_FALSE(std::filesystem::exists(folder / "study.json"));
}

TEST(StudyFolder, AFolderWithoutAManifestIsTakenUp) {
  const TemporaryFolder folder;
  open_folder(two_arms(), folder.path());
  write_cell(folder.path(), made_up_cell(two_arms(), "tt", 1, 0));
  std::ofstream(folder / "README.md") << "what this is";
  EXPECT_NO_THROW(open_folder(two_arms(), folder.path()));
  for (const auto* command : {"study", "reproduce"}) {
    base::write_json(folder / "manifest.json", {{"command", command}});
    EXPECT_NO_THROW(open_folder(two_arms(), folder.path()));
  }
}

TEST(StudyFolder, DamagedFilesAreSaid) {
  const TemporaryFolder folder;
  const auto config = two_arms();
  std::filesystem::create_directories(folder / "cells");
  std::ofstream(folder / "study.json") << "{";
  expect_error([&] { open_folder(config, folder.path()); }, "study.json' is no valid JSON");
  std::ofstream(folder / "cells" / "tt-s1.json") << R"({"arm": "tt"})";
  expect_error([&] { find_cell(config, folder.path(), "tt", 1); }, "is not a cell of a study");
  std::ofstream(folder / "throughput.json") << R"({"tt": {"forward": "fast"}})";
  expect_error([&] { find_speeds(folder.path()); }, "is not a table of throughputs");
}

TEST(StudyFolder, CellsComeBackAsTheyWere) {
  const TemporaryFolder folder;
  const auto config = two_arms();
  open_folder(config, folder.path());
  auto cell = made_up_cell(config, "tt", 18446744073709551615u, 0.1 + 0.2);
  cell.history.front().validation_loss = std::nan("");
  write_cell(folder.path(), cell);
  const auto back = find_cell(config, folder.path(), "tt", cell.seed);
  ASSERT_TRUE(back);
  EXPECT_EQ(to_json(*back), to_json(cell));
  EXPECT_EQ(back->accuracy, cell.accuracy) << "to the last bit";
  EXPECT_TRUE(std::isnan(back->history.front().validation_loss));
  EXPECT_FALSE(find_cell(config, folder.path(), "dense", cell.seed));
  cell.loss = INFINITY;
  write_cell(folder.path(), cell);
  EXPECT_TRUE(std::isnan(find_cell(config, folder.path(), "tt", cell.seed)->loss));
}

TEST(StudyFolder, CellsOfAnotherConfigurationAreRefused) {
  const TemporaryFolder folder;
  const auto config = two_arms();
  open_folder(config, folder.path());
  write_cell(folder.path(), made_up_cell(config, "tt", 1, 0));
  auto other = config;
  other.epochs = 1;
  expect_error([&] { find_cell(other, folder.path(), "tt", 1); },
               "was made under another configuration");
  std::filesystem::copy(folder / "cells" / "tt-s1.json", folder / "cells" / "tt-s2.json");
  expect_error([&] { find_cell(config, folder.path(), "tt", 2); },
               "was made under another configuration");
}

TEST(StudyFolder, AChangedRecipeIsNamed) {
  const TemporaryFolder folder;
  auto config = two_arms();
  config.recipes = {"own = tt @ sgd(lr=0.1)"};
  open_folder(config, folder.path());
  auto cell = made_up_cell(config, "own", 1, 0);
  cell.recipe = recipe_text(arm(config, "own"));
  cell.weights = 5, cell.dense_weights = 50, cell.rate = 3;
  write_cell(folder.path(), cell);
  EXPECT_EQ(to_json(*find_cell(config, folder.path(), "own", 1)), to_json(cell));
  config.recipes = {"own = tt @ sgd(lr=0.2)"};
  expect_error([&] { find_cell(config, folder.path(), "own", 1); },
               "arm 'own' was trained by 'cnn-tt @ sgd(lr=0.1)', and now it is 'cnn-tt @ "
               "sgd(lr=0.2)': give the recipe another name");
  cell.recipe.clear();  // of an earlier version
  write_cell(folder.path(), cell);
  expect_error([&] { find_cell(config, folder.path(), "own", 1); },
               "was made under another configuration");
}

TEST(StudyFolder, CellsWithoutMoreToSayAreWhatTheyWere) {
  const auto json = to_json(made_up_cell(two_arms(), "tt", 1, 0));
  for (const auto* key : {"weights", "dense_weights", "recipe", "rate"})
    EXPECT_FALSE(json.contains(key)) << key;
}

TEST(StudyFolder, AKeyThatOnlyTheFolderHasIsADifference) {
  const TemporaryFolder folder;
  auto config = two_arms();
  config.dropout = 0.25;
  open_folder(config, folder.path());
  config.dropout = 1;  // which is left out of what is compared
  expect_error([&] { open_folder(config, folder.path()); }, "dropout is 0.25 there and 1 here");
}

TEST(StudyFolder, MapsComeBackWithinTheirEightBits) {
  const TemporaryFolder folder;
  const auto cell = made_up_cell(two_arms(), "tt", 3, 0);
  std::filesystem::create_directories(folder / "cells");
  const Pictures pictures{
      .maps = {{"gradcam", at::rand({3, 5, 4})}, {"smoothgrad", at::rand({3, 5, 4}) * 6 - 4}},
      .values = {{"gradcam", {{"gini", at::tensor({0.1, 0.2, 0.3}, at::kDouble)}}}},
      .predicted = at::tensor({2, 0, 9}, at::kLong),
      .probability = at::tensor({0.5, 0.25, 1.0}, at::kFloat)};
  write_pictures(folder.path(), cell, pictures);
  const auto back = find_pictures(folder.path(), "tt", 3);
  ASSERT_TRUE(back);
  ASSERT_EQ(back->maps.size(), 2u);
  for (const auto& [method, maps] : pictures.maps) {
    EXPECT_TRUE(back->maps.at(method).allclose(maps, 0, 6 * 0.5 / 255 + 1e-5)) << method;
  }
  const Pictures flat{.maps = {{"gradcam", at::full({2, 3, 3}, -2.5F)}}, .values = {}};
  write_pictures(folder.path(), cell, flat);
  EXPECT_TRUE(
      find_pictures(folder.path(), "tt", 3)->maps.at("gradcam").equal(flat.maps.at("gradcam")));
  EXPECT_TRUE(
      back->values.at("gradcam").at("gini").allclose(at::tensor({0.1, 0.2, 0.3}, at::kFloat)));
  EXPECT_TRUE(back->predicted.equal(pictures.predicted));
  EXPECT_TRUE(back->probability.equal(pictures.probability));
  EXPECT_EQ(back->seed, 3u);
  EXPECT_FALSE(find_pictures(folder.path(), "tt", 4));
  EXPECT_TRUE(has_pictures(folder.path(), "tt", 3));
  EXPECT_FALSE(has_pictures(folder.path(), "tt", 4));
}

TEST(StudyFolder, GridsShowTheFirstSeedThatAllArmsHave) {
  const TemporaryFolder folder;
  auto config = two_arms();
  config.seeds = {9, 1, 5, 3};
  std::filesystem::create_directories(folder / "cells");
  const auto shown = [&](const std::string& arm) {
    return load(config, folder.path()).pictures.at(arm).seed;
  };
  const auto add = [&](const std::string& arm, std::uint64_t seed) {
    write_pictures(folder.path(), made_up_cell(config, arm, seed, 0),
                   {.maps = {{"gradcam", at::rand({2, 3, 3})}}});
  };
  EXPECT_TRUE(load(config, folder.path()).pictures.empty());
  add("dense", 9);
  EXPECT_EQ(shown("dense"), 9u) << "the other arm has none at all yet";
  add("tt", 5);
  EXPECT_EQ(shown("dense"), 9u) << "no seed of both";
  EXPECT_EQ(shown("tt"), 5u);
  add("dense", 5);
  add("dense", 3);
  add("tt", 3);
  EXPECT_EQ(shown("dense"), 5u);
  EXPECT_EQ(shown("tt"), 5u);
}

TEST(StudyFolder, SpeedsComeBack) {
  const TemporaryFolder folder;
  EXPECT_TRUE(find_speeds(folder.path()).empty());
  write_speeds(folder.path(), {{"tt", {.forward = 12.5, .training = 3.25, .run = "7-1"}}});
  const auto back = find_speeds(folder.path());
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back.at("tt").forward, 12.5);
  EXPECT_EQ(back.at("tt").training, 3.25);
  EXPECT_EQ(back.at("tt").run, "7-1");
}

TEST(StudyFolder, SpeedsCountAsThereOnlyWhereOneRunMeasuredAll) {
  const TemporaryFolder folder;
  const auto config = two_arms();
  const auto has = [&](const std::string& dense, const std::string& tt) {
    write_speeds(folder.path(), {{"dense", {1, 1, dense}}, {"tt", {1, 1, tt}}});
    return has_speeds(config, folder.path());
  };
  EXPECT_FALSE(has_speeds(config, folder.path()));
  EXPECT_TRUE(has("a", "a"));
  EXPECT_FALSE(has("a", "b"));
  EXPECT_FALSE(has("", "")) << "of an earlier version, which did not say";
  write_speeds(folder.path(), {{"dense", {1, 1, "a"}}});
  EXPECT_FALSE(has_speeds(config, folder.path()));
}

// What an earlier version left is read as it is.
TEST(StudyFolder, OlderCellsAndMapsAreRead) {
  const TemporaryFolder folder;
  const auto config = two_arms();
  open_folder(config, folder.path());
  auto cell = to_json(made_up_cell(config, "tt", 1, 0));
  for (const char* key : {"left_out", "blank"}) cell.erase(key);
  for (auto& epoch : cell.at("history")) epoch.erase("validation_seconds");
  base::write_json(cell_path(folder.path(), "tt", 1), cell);
  const auto back = find_cell(config, folder.path(), "tt", 1);
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->left_out.empty());
  EXPECT_EQ(back->history.at(0).validation_seconds, 0);
  EXPECT_EQ(back->accuracy, 0.501);
  write_pictures(folder.path(), *back, {.maps = {{"gradcam", at::rand({3, 5, 4})}}});
  EXPECT_FALSE(find_pictures(folder.path(), "tt", 1)->predicted.defined());
  std::ofstream(folder / "throughput.json") << R"({"tt": {"forward": 2.0, "training": 1.0}})";
  EXPECT_EQ(find_speeds(folder.path()).at("tt").run, "");
}

TEST(StudyFolder, TheIdentityOfCommittedCellsStays) {
  auto config = preset("hackathon");
  config.epochs = 12;
  config.compute = "bfloat16";
  EXPECT_EQ(identity_digest(config, "dense"), "b1b77844238b222b");
}

}  // namespace
}  // namespace ranklens::study
