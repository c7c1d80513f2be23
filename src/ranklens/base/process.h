#pragma once

#include <string>
#include <vector>

namespace ranklens::base {

struct ProcessResult {
  /// The exit status, or 128 + the signal that ended it.
  int status = 0;
  /// What it wrote to standard output and standard error, in the order in which it came.
  std::string output;
};

/// Runs a program (found through PATH; no shell in between) to its end, with nothing to read. Error
/// if it cannot be started.
ProcessResult run_process(const std::vector<std::string>& command);

/// The words of a command as they would be typed into a POSIX shell: 'single quotes' around what it
/// would not take as it is.
std::string shell_line(const std::vector<std::string>& command);

}  // namespace ranklens::base
