#include "ranklens/study/draft.h"

#include <chrono>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/study/lease.h"

#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;
using ranklens::testing::TemporaryFolder;

/// ".host-space-pid-7.draft" moved on by so many numbers.
std::string later(const std::string& name, int by) {
  const auto number_at = name.rfind('-') + 1;
  return name.substr(0, number_at) + std::to_string(std::stoi(name.substr(number_at)) + by) +
         ".draft";
}

// Whose name and number is the same (a container's first process, say) has the same names.
TEST(Draft, NeverWritesToOneThatIsThere) {
  const TemporaryFolder folder;
  const auto name = Draft(folder / "cell", "mine").path().filename().string();
  std::ofstream(folder / "cell.1") << "the holder's";
  for (int by = 1; by < 4; ++by) fs::create_hard_link(folder / "cell.1", folder / later(name, by));
  {
    const Draft next(folder / "cell", "mine");
    EXPECT_EQ(base::read_file(next.path()), "mine\n");
  }
  EXPECT_EQ(base::read_file(folder / "cell.1"), "the holder's");
  EXPECT_TRUE(fs::exists(folder / later(name, 1)));
  EXPECT_FALSE(fs::exists(folder / later(name, 4)));
}

TEST(Draft, NamesTheSpaceOfProcesses) {
  const TemporaryFolder folder;
  const auto name = Draft(folder / "cell", "x").path().filename().string();
  ASSERT_FALSE(process_space().empty());
  EXPECT_EQ(name.find('/'), std::string::npos);
  // host, 12 hex digits, process, number
  const auto pid = "-" + std::to_string(::getpid()) + "-";
  const auto at = name.find(pid);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(name.find_first_not_of("0123456789abcdef", at - 12), at) << name;
}

TEST(Draft, LeftoversAreSweptByTheNextClaim) {
  const TemporaryFolder folder;
  const auto old = folder / ".host-1-1.draft", young = folder / ".host-2-1.draft";
  std::ofstream(old) << "x";
  std::ofstream(young) << "x";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
  const auto lease = Lease::acquire(folder / "cell");
  EXPECT_TRUE(lease);
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(young));
}

}  // namespace
}  // namespace ranklens::study
