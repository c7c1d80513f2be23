#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <CLI/App.hpp>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/progress.h"

namespace ranklens::app {

using Json = nlohmann::ordered_json;

/// What the help adds to the name of a file.
inline constexpr const char* kReplacesOwnKind =
    "; one that is there is replaced by its own kind only";

/// The group of options that every command has.
inline constexpr const char* kCommonOptions = "Common options";

/// The group of options that no help lists. (CLI11's own, "", loses their names in its messages.)
inline constexpr const char* kUnlisted = "unlisted";

/// What --out names: a folder of files, the file of the result, or one with the JSON object.
enum class Out { folder, file, json_file };

/// Which of the common options change anything of a command. Those that do not are taken all the
/// same, by every command and in every configuration file, but its help does not list them.
struct Takes {
  bool seed = true, threads = true, device = true, dtype = true, quiet = true;
};

/// The options that every command has, and that mean the same everywhere.
struct Common {
  std::string command;  ///< "train", "data make": add_command() sets it
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: one a core
  std::string device = "cpu";
  std::string dtype = "float32";
  std::string out;
  Out out_kind = Out::folder;
  bool quiet = false;
  bool json = false;
  std::string config;  ///< read before the parse (config.h); here for --help

  c10::Device torch_device() const;       ///< throws Error where this machine has no such device
  c10::ScalarType compute_dtype() const;  ///< float64, float32 or bfloat16
};

/// Adds the options to `command`, in a group of their own.
void add_common(CLI::App& command, Common& common, const Takes& takes = {});

/// Sets the thread count and checks device, dtype and a JSON file that --out would replace: an
/// Error if it is a folder, or a file that no command wrote. Every command calls it first.
void start(const Common& common);

/// `progress`, which ends the work with a SystemError when base::interrupted().
base::Progress until_interrupted(base::Progress progress);

/// Prints the result of a command on stdout: with --json the object on one line, headed by the
/// version and the command, else `text`.
void emit(const Common& common, const Json& object, const std::string& text);

/// The same for a command whose result is only what it prints: --out FILE gets the object, too.
void emit_and_save(const Common& common, const Json& object, const std::string& text);

}  // namespace ranklens::app
