#include "ranklens/base/files.h"

#include <fstream>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using testing::expect_error;
using testing::TemporaryFolder;

std::size_t count_files(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator all(folder);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Lets no file of this process grow above a few bytes: what a full disk looks like to a writer.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = nullptr;
};

TEST(WriteFile, ReplacesContentAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old and longer");
  write_file(folder / "a", std::string_view("new\0x", 5));
  EXPECT_EQ(read_file(folder / "a"), std::string("new\0x", 5));
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(WriteFile, ObeysUmaskLikeAnyFile) {
  const TemporaryFolder folder;
  const auto before = ::umask(027);
  write_file(folder / "a", "x");
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST(WriteFile, FollowsALink) {
  const TemporaryFolder folder;
  write_file(folder / "target", "old");
  std::filesystem::create_symlink(folder / "target", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target"), "new");
}

TEST(WriteFile, FullDiskKeepsTheOldFileAndNoTemporary) {
  const TemporaryFolder folder;
  write_file(folder / "a", "old");
  {
    const SmallDisk disk(1000);
    expect_error<SystemError>([&] { write_file(folder / "a", std::string(5000, 'x')); },
                              "cannot write '" + (folder / "a").string() + "': File too large");
  }
  EXPECT_EQ(read_file(folder / "a"), "old");
  EXPECT_EQ(count_files(folder.path()), 1U);
  expect_error<SystemError>([] { write_file("/dev/full", "x"); },
                            "cannot write '/dev/full': No space left on device");
}

TEST(WriteFile, MissingFolderIsTheUsersFault) {
  const TemporaryFolder folder;
  expect_error([&] { write_file(folder / "no" / "a", "x"); }, "No such file or directory");
  expect_error([&] { write_file(folder.path(), "x"); }, "Is a directory");
}

TEST(AtomicFile, NothingAppearsBeforeCommit) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "a");
    file.write("one ");
    file.write("two");
    EXPECT_EQ(file.size(), 7U);
    EXPECT_FALSE(std::filesystem::exists(folder / "a"));
    file.commit();
    EXPECT_EQ(read_file(folder / "a"), "one two");
    expect_error([&] { file.write("three"); }, "was already closed");
  }
  {
    AtomicFile dropped(folder / "b");
    dropped.write("never");
  }
  EXPECT_EQ(count_files(folder.path()), 1U);
}

// In a container every process may have the same number, so may one that was killed while writing.
TEST(AtomicFile, LeftoversDoNotStandInTheWay) {
  const TemporaryFolder folder;
  std::string name;
  {
    AtomicFile first(folder / "a");
    name = std::filesystem::directory_iterator(folder.path())->path().filename().string();
  }
  const auto number_at = name.rfind('.', name.size() - 5) + 1;  // before ".tmp"
  const int number = std::stoi(name.substr(number_at));
  for (int next = number + 1; next < number + 4; ++next) {
    std::ofstream(folder / (name.substr(0, number_at) + std::to_string(next) + ".tmp")) << "old";
  }
  write_file(folder / "a", "new");
  EXPECT_EQ(read_file(folder / "a"), "new");
  EXPECT_EQ(count_files(folder.path()), 4U);
}

TEST(AtomicFile, SweepsTemporariesOfKilledWritersOnly) {
  const TemporaryFolder folder;
  const auto put = [&](const char* name, std::chrono::hours age) {
    std::ofstream(folder / name) << "half";
    std::filesystem::last_write_time(folder / name,
                                     std::filesystem::file_time_type::clock::now() - age);
  };
  using std::chrono::hours;
  put(".dense-s1.json.4711.3.tmp", hours(2));
  put(".young.json.4711.3.tmp", hours(0));
  put(".mine.tmp", hours(2));
  put(".mine.3.tmp", hours(2));
  put("dense-s1.json.4711.3.tmp", hours(2));
  put("dense-s1.json", hours(2));
  AtomicFile slow(folder / "a");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().filename().string().starts_with(".a."))
      std::filesystem::last_write_time(entry.path(),
                                       std::filesystem::file_time_type::clock::now() - hours(2));
  }
  sweep_temporaries(folder.path());
  sweep_temporaries(folder / "not there");
  EXPECT_FALSE(std::filesystem::exists(folder / ".dense-s1.json.4711.3.tmp"));
  EXPECT_EQ(count_files(folder.path()), 6U);
  slow.commit();
  EXPECT_EQ(count_files(folder.path()), 6U);
}

TEST(WriteNewFile, WritesOnlyWhereNothingIs) {
  const TemporaryFolder folder;
  EXPECT_TRUE(write_new_file(folder / "a", "first"));
  EXPECT_FALSE(write_new_file(folder / "a", "second"));
  EXPECT_EQ(read_file(folder / "a"), "first");
  EXPECT_EQ(count_files(folder.path()), 1U);
  expect_error([&] { write_new_file(folder / "none" / "a", "x"); }, "cannot write");
}

TEST(AppendToFile, AddsAtTheEndAndSaysWhatIsWrong) {
  const TemporaryFolder folder;
  append_to_file(folder / "log", "one\n");
  append_to_file(folder / "log", "two\n");
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\n");
  expect_error([&] { append_to_file(folder / "no" / "log", "x"); }, "No such file or directory");
  const SmallDisk disk(4);
  expect_error<SystemError>([&] { append_to_file(folder / "log", "three\n"); },
                            "cannot write '" + (folder / "log").string() + "': File too large");
}

TEST(InputFile, ReadsInsideAndRefusesOutside) {
  const TemporaryFolder folder;
  write_file(folder / "a", "0123456789");
  const InputFile file(folder / "a");
  EXPECT_EQ(file.size(), 10U);
  EXPECT_EQ(file.read(3, 4), "3456");
  EXPECT_EQ(file.read(10, 0), "");
  expect_error([&] { file.read(8, 3); }, "ends early: 3 bytes are wanted at byte 8");
  expect_error([&] { file.read(11, 0); }, "ends early");
  expect_error([&] { file.read(1, UINT64_MAX); }, "ends early");
}

TEST(ReadFile, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  expect_error([&] { read_file(folder / "none"); }, "No such file or directory");
  expect_error([&] { read_file(folder.path()); }, "Is a directory");
  expect_error([&] { InputFile file(folder.path()); }, "Is a directory");
  EXPECT_EQ(read_file("/dev/null"), "");
}

}  // namespace
}  // namespace ranklens::base
