#pragma once

#include <string>
#include <vector>

namespace ranklens::app {

/// Runs the command line `args` (without the program's name).
/// Returns the exit status: 0 done, 1 it failed, 2 the input or the usage is wrong. Every failure
/// is one sentence on stderr; no exception leaves.
int run(std::vector<std::string> args);

}  // namespace ranklens::app
