#include "ranklens/base/staged_folder.h"

#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"

#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

TEST(StagedFolder, FilesAppearTogether) {
  const TemporaryFolder folder;
  const auto out = folder / "a" / "b";
  {
    StagedFolder staged(out);
    write_file(staged.path() / "x", "1");
    write_file(staged.path() / "manifest.json", "{}");
    EXPECT_FALSE(fs::exists(out / "x"));
    staged.commit();
  }
  EXPECT_EQ(read_file(out / "x"), "1");
  EXPECT_EQ(std::distance(fs::directory_iterator(out), {}), 2);
}

TEST(StagedFolder, WithoutCommitNothingIsLeft) {
  const TemporaryFolder folder;
  {
    const StagedFolder staged(folder / "a" / "b");
    write_file(staged.path() / "x", "1");
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
  fs::create_directory(folder / "mine");
  {
    const StagedFolder staged(folder / "mine");
  }
  EXPECT_TRUE(fs::exists(folder / "mine"));
}

TEST(StagedFolder, AFailedMoveTakesTheOthersBack) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "y" / "in the way");
  {
    StagedFolder staged(folder.path());
    write_file(staged.path() / "x", "1");
    write_file(staged.path() / "y", "2");
    EXPECT_THROW(staged.commit(), SystemError);
  }
  EXPECT_FALSE(fs::exists(folder / "x"));
  EXPECT_TRUE(fs::is_directory(folder / "y"));
}

}  // namespace
}  // namespace ranklens::base
