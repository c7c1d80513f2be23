// scripts/bootstrap among programs that only note that they were called.
#include <filesystem>

#include "app/run.h"

namespace ranklens::app {
namespace {

class Bootstrap : public ::testing::Test {
 protected:
  Bootstrap() {
    fs::create_directories(folder_ / "scripts");
    fs::create_directories(folder_ / "bin");
    fs::copy_file(fs::path(RANKLENS_SOURCE_DIR) / "scripts/bootstrap",
                  folder_ / "scripts/bootstrap");
    program("scripts/find-torch", "exit 0");
    for (const char* tool : {"cmake", "ninja", "node", "npm"})
      program(std::string("bin/") + tool, "echo 99.0");
    program("bin/g++", "echo 99");
    program("bin/id", "echo 0");
    // Everything is there but what only helps.
    program("bin/dpkg-query",
            "for p in \"$@\"; do case $p in -*) ;; ccache|chromium) ;; *) echo \"installed $p\";; "
            "esac; done");
    program("bin/apt-get",
            "echo \"$@\" >>" + log().string() + "; case \"$*\" in *chromium*) exit 1;; esac");
  }

  void program(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << "#!/bin/sh\n" << text << "\n";
    fs::permissions(folder_ / name, fs::perms::owner_all);
  }
  fs::path log() const { return folder_ / "log"; }

  /// Runs it and says what apt-get was asked for.
  std::string run() const {
    std::ofstream(log()) << "";
    const auto done =
        run_program("/usr/bin/env", {"PATH=" + (folder_ / "bin").string() + ":/usr/bin:/bin",
                                     "CXX=g++", (folder_ / "scripts/bootstrap").string()});
    EXPECT_EQ(done.status, 0) << done.err;
    std::ifstream file(log());
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  TemporaryFolder folder_;
};

TEST_F(Bootstrap, TriesOnlyOnceWhatTheBuildDoesWithout) {
  const auto first = run();
  EXPECT_THAT(first, HasSubstr("update"));
  EXPECT_THAT(first, HasSubstr("install ccache"));
  EXPECT_THAT(first, HasSubstr("install chromium"));
  // ccache, as this dpkg-query has it, is not there yet; chromium could not be had.
  program("bin/dpkg-query",
          "for p in \"$@\"; do case $p in -*|chromium) ;; *) echo \"installed $p\";; esac; done");
  EXPECT_EQ(run(), "");
  fs::remove(folder_ / "build/.unavailable");
  EXPECT_THAT(run(), HasSubstr("install chromium"));
}

}  // namespace
}  // namespace ranklens::app
