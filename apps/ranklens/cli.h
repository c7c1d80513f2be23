#pragma once

#include <string>
#include <vector>

namespace ranklens::app {

/// Runs the command line: the name that the program was called by, and its arguments.
/// Returns the exit status: 0 done, 1 it failed, 2 the input or the usage is wrong. Every failure
/// is one sentence on stderr; no exception leaves.
int run(const std::string& program, std::vector<std::string> args);

}  // namespace ranklens::app
