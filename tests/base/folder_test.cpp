#include "ranklens/base/folder.h"

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

TEST(MakeFolder, MakesAllOfThePathAndLeavesWhatIsThere) {
  const testing::TemporaryFolder folder;
  const auto deep = folder / "a/b/c";
  make_folder(deep);
  write_file(deep / "x", "1");
  make_folder(deep);
  EXPECT_EQ(read_file(deep / "x"), "1");
}

TEST(MakeNewFolder, TakesNoNameThatIsTaken) {
  const testing::TemporaryFolder folder;
  EXPECT_TRUE(make_new_folder(folder / "a"));
  EXPECT_FALSE(make_new_folder(folder / "a"));
  write_file(folder / "x", "1");
  EXPECT_FALSE(make_new_folder(folder / "x"));
  testing::expect_error([&] { make_new_folder(folder / "b/c"); }, "c' cannot be made");
}

TEST(MakeFolder, SaysWhyItCannot) {
  const testing::TemporaryFolder folder;
  write_file(folder / "x", "1");
  testing::expect_error([&] { make_folder(folder / "x"); }, "x' cannot be made");
  testing::expect_error([&] { make_folder(folder / "x/y"); }, "x/y' cannot be made");
}

}  // namespace
}  // namespace ranklens::base
