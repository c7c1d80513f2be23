#include "ranklens/study/cell_seeds.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"

#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CellSeeds, AreThoseOfFinishedCells) {
  const ranklens::testing::TemporaryFolder folder;
  EXPECT_THAT(cell_seeds(folder.path()), IsEmpty());
  const auto cells = folder.path() / "cells";
  std::filesystem::create_directories(cells);
  for (const char* name : {"tau-0.3-s10.json", "tau-0.3-s2.json", "dense-s2.json", "dense-s7.maps",
                           "frames.json", "x-sy.json", "w-s5-s3.json"})
    base::write_file(cells / name, "{}");
  EXPECT_THAT(cell_seeds(folder.path()), ElementsAre(2, 3, 10));
  EXPECT_THAT(cell_seeds(folder.path(), "dense"), ElementsAre(2));
  EXPECT_THAT(cell_seeds(folder.path(), "tau-0.3"), ElementsAre(2, 10));
  EXPECT_THAT(cell_seeds(folder.path(), "w"), IsEmpty());
}

}  // namespace
}  // namespace ranklens::study
