#pragma once

#include <string>

#include <CLI/App.hpp>

namespace ranklens::app {

/// What is wrong with the words of a command line, in one sentence that ends with the help to look
/// at.
std::string usage_sentence(CLI::App& root, const CLI::ParseError& error);

}  // namespace ranklens::app
