#include "ranklens/base/staged_folder.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/leftovers.h"

#include "testing/expect_error.h"
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

/// The name of a hidden folder with its last number moved on.
std::string later(const std::string& name, int by) {
  const auto number_at = name.rfind('.', name.size() - 5) + 1;  // before ".tmp"
  return name.substr(0, number_at) + std::to_string(std::stoi(name.substr(number_at)) + by) +
         ".tmp";
}

// In a container every process may have the same number, so may one that was killed in its work.
TEST(StagedFolder, NeverTakesOverWhatIsThere) {
  const TemporaryFolder folder;
  const auto name = StagedFolder(folder / "other").path().filename().string();
  std::vector<int> in_use;
  for (int by = 1; by < 4; ++by) {
    const auto there = folder / later(name, by);
    fs::create_directory(there);
    write_file(there / "shortcut_masks.npy", "of another");
    in_use.push_back(::open(there.c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(mark_in_use(in_use.back()));
  }
  {
    StagedFolder staged(folder.path());
    write_file(staged.path() / "x", "1");
    staged.commit();
  }
  EXPECT_TRUE(fs::exists(folder / "x"));
  EXPECT_FALSE(fs::exists(folder / "shortcut_masks.npy"));
  for (int by = 1; by < 4; ++by)
    EXPECT_TRUE(fs::exists(folder / later(name, by) / "shortcut_masks.npy")) << by;
  for (const int one : in_use) ::close(one);
}

TEST(StagedFolder, SweepsWhatAKilledProcessLeftAndNothingElse) {
  const TemporaryFolder folder;
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const auto child = ::fork();
  if (child == 0) {
    const StagedFolder staged(folder.path());
    write_file(staged.path() / "x", "half");
    [[maybe_unused]] const auto sent = ::write(ready[1], "!", 1);
    while (true) ::pause();
  }
  char signal = 0;
  ASSERT_EQ(::read(ready[0], &signal, 1), 1);
  const auto files = [&] { return std::distance(fs::directory_iterator(folder.path()), {}); };
  const auto elsewhere = folder / ".ranklens.another-machine.1.0.tmp";
  fs::create_directory(elsewhere);
  {
    const StagedFolder beside(folder.path());
    EXPECT_EQ(files(), 3) << "of a process that lives";
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(files(), 2);
  {
    const StagedFolder next(folder.path());
    EXPECT_EQ(files(), 2);
  }
  EXPECT_EQ(files(), 1);
  EXPECT_TRUE(fs::exists(elsewhere));
}

TEST(StagedFolder, AFailedWriteNamesTheFinalPlace) {
  const TemporaryFolder folder;
  const StagedFolder staged(folder.path());
  fs::create_directory(staged.path() / "x");
  testing::expect_error([&] { write_file(staged.path() / "x", "1"); },
                        "cannot write '" + (folder / "x").string() + "'");
}

}  // namespace
}  // namespace ranklens::base
