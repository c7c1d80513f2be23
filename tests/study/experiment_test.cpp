#include "ranklens/study/experiment.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/interrupt.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

Experiment squares(int* made, int power = 2) {
  return {.name = "squares",
          .settings = {{"power", power}},
          .cells = {"1", "2", "3"},
          .make = [made](const Experiment::Work& work) {
            ++*made;
            const int n = std::stoi(work.cell);
            return nlohmann::json{{"value", n * n}};
          }};
}

TEST(Experiment, MakesEachCellOnceAndGoesOn) {
  const ranklens::testing::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  int made = 0;
  const auto found = run(squares(&made), {.folder = out});
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.cells.at("3").at("value"), 9);
  EXPECT_EQ(made, 3);
  std::filesystem::remove(out / "cells" / "2.json");
  run(squares(&made), {.folder = out});
  EXPECT_EQ(made, 4);
  EXPECT_EQ(load(squares(&made), out).cells.size(), 3U);
  // The cells and the settings alone are enough.
  std::filesystem::remove_all(out / "claims");
  run(squares(&made), {.folder = out});
  EXPECT_EQ(made, 4);
}

// Earlier versions did not tell everything that results depend on.
TEST(Experiment, GoesOnWithAFolderThatToldLess) {
  const ranklens::testing::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  int made = 0;
  auto now = squares(&made), before = now;
  now.settings["arms"] = {{"a", {{{"epochs", 3}, {"best_from", 2}}}}};
  before.settings["arms"] = {{"a", {{{"epochs", 3}}}}};
  run(before, {.folder = out});
  // What really differs is named, not what it lacks.
  auto other = now;
  other.settings["power"] = 3;
  ranklens::testing::expect_error([&] { run(other, {.folder = out}); }, "settings: power is 2");
  run(now, {.folder = out});
  EXPECT_EQ(made, 3);
  // What is told may not change.
  now.settings["arms"]["a"][0]["best_from"] = 1;
  ranklens::testing::expect_error([&] { run(now, {.folder = out}); }, "best_from");
}

TEST(Experiment, SecondsAreThoseOfAllProcesses) {
  const ranklens::testing::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  int made = 0;
  auto experiment = squares(&made);
  experiment.make = [](const Experiment::Work& work) {
    work.earlier->seconds = 100;
    work.earlier->provenance["threads"] = {"many"};
    return nlohmann::json{{"value", 1}};
  };
  EXPECT_GT(run(experiment, {.folder = out}).seconds.at("1"), 100);
  auto cell = nlohmann::json::parse(base::read_file(out / "cells" / "1.json"));
  EXPECT_EQ(cell.at("provenance").at("threads").at(0), "many");
  EXPECT_EQ(cell.at("provenance").at("threads").size(), 2U);
  // Earlier versions told those of the last; phases tell all.
  cell["seconds"] = 2;
  cell["result"] = {{"phases", {{{"seconds", 30}}, {{"seconds", 20}}}}};
  base::write_file(out / "cells" / "1.json", cell.dump());
  EXPECT_EQ(load(experiment, out).seconds.at("1"), 50);
}

TEST(Experiment, AnInterruptedCellLeavesNothing) {
  const ranklens::testing::TemporaryFolder folder;
  int made = 0;
  auto experiment = squares(&made);
  experiment.make = [](const Experiment::Work& work) -> nlohmann::json {
    if (work.cell != "2") return {{"value", 1}};
    base::request_interrupt();
    return nullptr;
  };
  const auto found = run(experiment, {.folder = folder.path() / "out"});
  base::clear_interrupt();
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.cells.size(), 1U);
}

TEST(Experiment, RefusesOtherSettingsAndForeignFolders) {
  const ranklens::testing::TemporaryFolder folder;
  int made = 0;
  run(squares(&made), {.folder = folder.path() / "out"});
  ranklens::testing::expect_error(
      [&] { run(squares(&made, 3), {.folder = folder.path() / "out"}); }, "power");
  auto other = squares(&made);
  other.name = "cubes";
  ranklens::testing::expect_error([&] { run(other, {.folder = folder.path() / "out"}); },
                                  "'squares'");
  std::filesystem::create_directories(folder.path() / "mine");
  base::write_file(folder.path() / "mine" / "thesis.txt", "text");
  ranklens::testing::expect_error([&] { run(squares(&made), {.folder = folder.path() / "mine"}); },
                                  "mine");
  EXPECT_EQ(made, 3);
}

TEST(Experiment, IsCheckedBeforeItsFolderIsMade) {
  const ranklens::testing::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  int made = 0, checked = 0;
  auto wrong = squares(&made);
  wrong.check = [] { base::fail("a wrong shape"); };
  ranklens::testing::expect_error([&] { run(wrong, {.folder = out}); }, "a wrong shape");
  EXPECT_FALSE(std::filesystem::exists(out));
  auto right = squares(&made);
  right.check = [&] { ++checked; };
  EXPECT_TRUE(run(right, {.folder = out}).complete);
  run(right, {.folder = out});
  EXPECT_EQ(checked, 1);
  EXPECT_EQ(made, 3);
}

TEST(Experiment, ReadsOthersThatAreThere) {
  const ranklens::testing::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  int made = 0;
  auto some = squares(&made);
  some.cells = {"1"};
  run(some, {.folder = out});
  some.cells = {"2"};
  some.others = {"1", "3"};
  const auto found = run(some, {.folder = out});
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.cells.size(), 2U);
  EXPECT_EQ(found.cells.at("1").at("value"), 1);
  EXPECT_EQ(made, 2);
  EXPECT_EQ(made_of(some, found), 1);
  some.cells = {"3"};
  EXPECT_FALSE(load(some, out).complete);
  // What was not asked for and cannot be read stops nothing.
  base::write_file(out / "cells" / "1.json", "{");
  std::vector<std::string> notes;
  const auto noted = [&](const std::string& line) { notes.push_back(line); };
  EXPECT_TRUE(run(some, {.folder = out, .note = noted}).complete);
  EXPECT_THAT(notes.back(), ::testing::HasSubstr("left out, as it was not asked for"));
}

/// With the squares of the numbers up to `last`, each by an arm of its own.
Experiment arms_up_to(int last, int* made, int power = 2) {
  auto experiment = squares(made);
  experiment.cells.clear();
  for (int n = 1; n <= last; ++n) {
    experiment.cells.push_back(std::to_string(n));
    experiment.settings["arms"][std::to_string(n)] = {{"power", power}};
  }
  return experiment;
}

// A later version has more arms: what is there counts, in a copy of cells and settings, too.
TEST(Experiment, TakesArmsThatWereAdded) {
  const ranklens::testing::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  int made = 0;
  run(arms_up_to(2, &made), {.folder = out});
  run(arms_up_to(3, &made), {.folder = out});
  EXPECT_TRUE(run(arms_up_to(4, &made), {.folder = out}).complete);
  EXPECT_EQ(made, 4);
  EXPECT_EQ(load(arms_up_to(4, &made), out).cells.size(), 4U);
  const auto copy = folder.path() / "copy";
  std::filesystem::create_directories(copy);
  std::filesystem::copy(out / "cells", copy / "cells");
  std::filesystem::copy(out / "experiment.json", copy / "experiment.json");
  EXPECT_TRUE(run(arms_up_to(4, &made), {.folder = copy}).complete);
  EXPECT_EQ(made, 4);
  // A process that began with fewer arms reads what one with more has made.
  std::filesystem::remove(out / "cells" / "2.json");
  run(arms_up_to(4, &made), {.folder = out});
  EXPECT_EQ(made, 5);
  EXPECT_EQ(load(arms_up_to(2, &made), out).cells.size(), 2U);
  // Not the other way, and not under another recipe.
  ranklens::testing::expect_error([&] { run(arms_up_to(2, &made), {.folder = out}); }, "arms");
  ranklens::testing::expect_error([&] { run(arms_up_to(5, &made, 3), {.folder = out}); }, "arms");
  // What is called so, and is no list of arms, is compared as it is.
  auto numbered = squares(&made);
  numbered.settings["sweeps"] = 10;
  run(numbered, {.folder = folder.path() / "sweeps"});
  numbered.settings["sweeps"] = 2;
  ranklens::testing::expect_error([&] { run(numbered, {.folder = folder.path() / "sweeps"}); },
                                  "sweeps");
  EXPECT_EQ(made, 8);
}

// Ranks that are timed stand in a list, each with a cell of its own.
TEST(Experiment, TakesRanksThatWereAdded) {
  const ranklens::testing::TemporaryFolder folder;
  const auto out = folder.path() / "out";
  int made = 0;
  const auto at_ranks = [&](const std::vector<int>& ranks) {
    auto experiment = squares(&made);
    experiment.cells.clear();
    for (const int rank : ranks) experiment.cells.push_back(std::to_string(rank));
    experiment.settings["ranks"] = ranks;
    return experiment;
  };
  run(at_ranks({5, 20}), {.folder = out});
  EXPECT_TRUE(run(at_ranks({5, 10, 20}), {.folder = out}).complete);
  EXPECT_EQ(made, 3);
  ranklens::testing::expect_error([&] { run(at_ranks({5, 10, 40}), {.folder = out}); }, "ranks");
}

}  // namespace
}  // namespace ranklens::study
