#include "ranklens/base/folder_lock.h"

#include <csignal>
#include <memory>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using ranklens::testing::expect_error;

TEST(FolderLock, KeepsAFolderForOne) {
  const ranklens::testing::TemporaryFolder folder, other;
  auto held = std::make_unique<FolderLock>(folder.path(), "trains");
  expect_error([&] { const FolderLock second(folder.path(), "trains"); },
               "another process trains in '" + folder.path().string());
  const FolderLock elsewhere(other.path(), "trains");
  held.reset();
  const FolderLock next(folder.path(), "trains");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "it leaves nothing there";
}

TEST(FolderLock, EndsWithAProcessThatIsKilled) {
  const ranklens::testing::TemporaryFolder folder;
  int ready[2] = {};
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock held(folder.path(), "trains");
    if (::write(ready[1], "x", 1) == 1) ::pause();
    ::_exit(0);
  }
  char sign = 0;
  ASSERT_EQ(::read(ready[0], &sign, 1), 1);
  expect_error([&] { const FolderLock second(folder.path(), "trains"); }, "another process");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(const FolderLock second(folder.path(), "trains"));
  ::close(ready[0]);
  ::close(ready[1]);
}

}  // namespace
}  // namespace ranklens::base
