#pragma once

#include <string>

#include <CLI/App.hpp>

namespace ranklens::app {

/// The flag as the command has it, where it was written in another spelling: --optimizer, --gray,
/// --minimise, and --method where the command has --methods, or the other way round. Any other text
/// comes back as it is.
std::string as_spelt(const CLI::App& command, const std::string& flag);

}  // namespace ranklens::app
