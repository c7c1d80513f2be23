#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "paths.h"
#include "testing/temporary_folder.h"

namespace ranklens::testing {

/// What a finished child process left.
struct Finished {
  int status = -1;  ///< its exit status, or 128 + the signal that ended it
  std::string out;
  std::string err;
};

/// Runs `program` with `args`, stdin empty, and waits. `out_path`: a file in place of the captured
/// stdout (/dev/full).
inline Finished run_program(const std::string& program, const std::vector<std::string>& args,
                            std::string out_path = "") {
  const TemporaryFolder folder;
  const std::string out = out_path.empty() ? (folder / "out").string() : out_path;
  const std::string err = (folder / "err").string();
  const pid_t child = fork();
  if (child == 0) {
    const bool open = std::freopen("/dev/null", "r", stdin) &&
                      std::freopen(out.c_str(), "w", stdout) &&
                      std::freopen(err.c_str(), "w", stderr);
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    if (open) execv(program.c_str(), argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  const auto text = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          out_path.empty() ? text(out) : "", text(err)};
}

/// Runs the built `ranklens`.
inline Finished ranklens(const std::vector<std::string>& args, std::string out_path = "") {
  return run_program(RANKLENS_BINARY, args, std::move(out_path));
}

}  // namespace ranklens::testing
