#pragma once

#include <string>
#include <vector>

#include <CLI/App.hpp>

namespace ranklens::app {

/// The command that `args` begins with, as deep as it goes (`data make`).
const CLI::App& command_of(const CLI::App& root, const std::vector<std::string>& args);

/// Reads the TOML file of `--config FILE`, if `args` has one, and returns `args` with the file's
/// keys appended as flags: `epochs = 3` is `--epochs=3`, and `[shortcut] class = 2` is
/// `--shortcut-class=2`. A flag that `args` already holds wins over the file.
/// Throws Error for a file that is no TOML, an unknown key (nearest flag named) or a value that no
/// flag can hold.
std::vector<std::string> with_config(const CLI::App& root, std::vector<std::string> args);

}  // namespace ranklens::app
