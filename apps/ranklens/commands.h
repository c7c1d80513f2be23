#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "common.h"

namespace ranklens::app {

/// Adds a command to `parent`: its summary, its examples (shown by --help) and the common options.
/// --out names a folder or a file, whichever `out` says; a required one is marked by require_out().
/// `common` must outlive the parse: keep it in the options that the callback owns.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& examples, Common& common, Out out,
                      const Takes& takes = {});

/// Marks --out as required; `what` is its place in the help: "the file of the compressed model".
void require_out(CLI::App& command, const std::string& what);

// One file a command: it defines the options and the callback, and leaves the work to the
// libraries.

/// All commands, in the order in which --help lists them.
void add_commands(CLI::App& root);

void add_compare(CLI::App& root);
void add_compress(CLI::App& root);
void add_contract(CLI::App& root);
void add_data(CLI::App& root);
void add_decompose(CLI::App& root);
void add_diagram(CLI::App& root);
void add_dot(CLI::App& root);
void add_entropy(CLI::App& root);
void add_evaluate(CLI::App& root);
void add_explain(CLI::App& root);
void add_fetch(CLI::App& root);
void add_full(CLI::App& root);
void add_info(CLI::App& root);
void add_measure(CLI::App& root);
void add_methods(CLI::App& root);
void add_notation(CLI::App& root);
void add_path(CLI::App& root);
void add_reproduce(CLI::App& root);
void add_round(CLI::App& root);
void add_study(CLI::App& root);
void add_train(CLI::App& root);

}  // namespace ranklens::app
