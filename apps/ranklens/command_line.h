#pragma once

#include <string>
#include <vector>

namespace ranklens::app {

/// The command line of this process as it would be typed into a shell: what pages and manifests say
/// they were made by. The program stands there by its name, wherever it lies.
const std::string& command_line();

/// Remembers it; run() does, once, before the parse. Arguments are the process's own, so that they
/// may be asked for anywhere.
void set_command_line(const std::string& program, const std::vector<std::string>& args);

}  // namespace ranklens::app
