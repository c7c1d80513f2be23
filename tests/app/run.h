#pragma once

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "paths.h"
#include "testing/temporary_folder.h"

/// What every test of the program is written in.
namespace ranklens::app {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using Args = std::vector<std::string>;

/// What a finished child process left.
struct Finished {
  int status = -1;  ///< its exit status, or 128 + the signal that ended it
  std::string out;
  std::string err;
};

struct RunOptions {
  std::string out_path = "";            ///< a file in place of the captured stdout (/dev/full)
  rlim_t largest_file = RLIM_INFINITY;  ///< bytes; writing beyond fails as on a full disk
};

/// A child process, stdin empty.
class Process {
 public:
  Process(const std::string& program, const Args& args, const RunOptions& options = {})
      : out_(options.out_path.empty() ? (folder_ / "out").string() : options.out_path),
        err_((folder_ / "err").string()),
        captured_(options.out_path.empty()) {
    std::fflush(nullptr);  // or the child writes what is still in the buffers, too
    child_ = fork();
    if (child_ == 0) become(program, args, options);
  }

  void signal(int number) const { kill(child_, number); }

  Finished wait() {
    int status = 0;
    waitpid(child_, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            captured_ ? text(out_) : "", text(err_)};
  }

 private:
  [[noreturn]] void become(const std::string& program, const Args& args,
                           const RunOptions& options) const {
    const rlimit limit{options.largest_file, options.largest_file};
    const bool limited =
        options.largest_file == RLIM_INFINITY || setrlimit(RLIMIT_FSIZE, &limit) == 0;
    std::signal(SIGXFSZ, SIG_DFL);  // whatever this process does
    const bool open = limited && std::freopen("/dev/null", "r", stdin) &&
                      std::freopen(out_.c_str(), "w", stdout) &&
                      std::freopen(err_.c_str(), "w", stderr);
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    if (open) execv(program.c_str(), argv.data());
    _exit(127);
  }

  static std::string text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  TemporaryFolder folder_;
  std::string out_, err_;
  bool captured_;
  pid_t child_ = -1;
};

/// Runs `program` with `args` and waits.
inline Finished run_program(const std::string& program, const Args& args,
                            std::string out_path = "") {
  return Process(program, args, {.out_path = std::move(out_path)}).wait();
}

/// Runs the built `ranklens`.
inline Finished ranklens(const Args& args, const RunOptions& options = {}) {
  return Process(RANKLENS_BINARY, args, options).wait();
}

/// The object that a successful run with --json printed.
inline nlohmann::json answer_of(const Finished& finished) {
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(std::count(finished.out.begin(), finished.out.end(), '\n'), 1) << finished.out;
  return finished.status == 0 ? nlohmann::json::parse(finished.out) : nlohmann::json();
}

/// Expects one sentence on stderr that contains `part`, nothing on stdout, and the status.
inline void expect_complaint(const Finished& finished, int status, const std::string& part) {
  EXPECT_EQ(finished.status, status) << finished.err;
  EXPECT_THAT(finished.out, ::testing::IsEmpty());
  EXPECT_THAT(finished.err, ::testing::HasSubstr(part));
  EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
}

/// These arguments and more behind them.
inline Args joined(Args args, const Args& more) {
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

/// Generated images with masks in the folder `to`, as `data make` writes them.
inline void make_scenes(const std::string& to, int count, const Args& more = {}) {
  const auto done = ranklens(
      joined({"data", "make", "scenes", "--count", std::to_string(count), "--out", to}, more));
  ASSERT_EQ(done.status, 0) << done.err;
}

inline nlohmann::json json_of(const fs::path& file) {
  std::ifstream text(file);
  return nlohmann::json::parse(text);
}

/// Whether `path` is there within a minute.
inline bool wait_for(const fs::path& path) {
  for (int k = 0; k < 6000 && !fs::exists(path); ++k) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return fs::exists(path);
}

}  // namespace ranklens::app
