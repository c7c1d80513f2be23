#include "cli.h"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <new>
#include <regex>

#include <CLI/CLI.hpp>
#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/version.h"

#include "command_line.h"
#include "commands.h"
#include "config.h"
#include "spellings.h"
#include "usage.h"

namespace ranklens::app {
namespace {

enum Status { kDone = 0, kFailed = 1, kWrongInput = 2 };

int complain(Status status, const std::string& sentence) {
  std::cerr << "ranklens: " << sentence << '\n';
  return status;
}

void flush() {
  std::cout.flush();
  if (!std::cout) throw base::SystemError("the output could not be written");
}

int usage(CLI::App& root, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    root.exit(error);  // --help, --version
    flush();
    return kDone;
  }
  return complain(kWrongInput, usage_sentence(root, error));
}

/// "help train" is "train --help", and flags are spelt as the command has them.
std::vector<std::string> as_meant(const CLI::App& root, std::vector<std::string> args) {
  const bool asks = !args.empty() && args.front() == "help";
  if (asks) args.erase(args.begin());
  const auto& command = command_of(root, args);
  std::size_t depth = 0;
  for (const auto* one = &command; one->get_parent() != nullptr; one = one->get_parent()) ++depth;
  // A word that is no command is left to be complained of.
  if (asks && depth == args.size()) args.emplace_back("--help");
  for (auto& word : args) {
    if (word == "--") break;
    const auto name = word.substr(0, word.find('='));
    word.replace(0, name.size(), as_spelt(command, name));
  }
  return args;
}

void parse(CLI::App& root, std::vector<std::string> args) {
  args = as_meant(root, std::move(args));
  args = with_config(root, std::move(args));
  std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
  root.parse(std::move(args));
  flush();
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// What libtorch threw, in one sentence. Its allocators say how much they could not get.
std::string about_torch(const c10::Error& error) {
  const std::string said = error.what_without_backtrace();
  static const std::regex wanted(R"(tried to allocate ([0-9.]+ ?[kKMGT]?i?B?))");
  std::smatch found;
  if (std::regex_search(said, found, wanted) || said.find("not enough memory") != said.npos ||
      said.find("out of memory") != said.npos) {
    const auto amount = found.empty() ? ""
                                      : fmt::format(" ({}{} at once)", found.str(1),
                                                    found.str(1).ends_with('B') ? "" : "bytes");
    return fmt::format("out of memory{}: take smaller sizes, smaller batches or fewer images",
                       amount);
  }
  if (said.find("verflow") != said.npos) {
    return "out of memory: the sizes asked for are more than any machine holds";
  }
  return first_line(said);
}

}  // namespace

int run(const std::string& program, std::vector<std::string> args) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large: the write fails instead
  try {
    set_command_line(program, args);
    CLI::App root{"Compress a network, keep its reasons.", "ranklens"};
    root.set_version_flag("--version", "ranklens " + base::version_and_commit());
    root.require_subcommand(1);
    root.footer("\n'ranklens COMMAND --help' shows the options of a command and an example.");
    add_commands(root);
    try {
      parse(root, std::move(args));
      return kDone;
    } catch (const CLI::ParseError& error) {
      return usage(root, error);
    }
  } catch (const base::SystemError& error) {
    return complain(kFailed, error.what());
  } catch (const base::Error& error) {
    return complain(kWrongInput, error.what());
  } catch (const std::bad_alloc&) {
    return complain(kFailed, "out of memory: take smaller sizes, smaller batches or fewer images");
  } catch (const c10::Error& error) {
    return complain(kFailed, about_torch(error));
  } catch (const std::exception& error) {
    return complain(kFailed, first_line(error.what()));
  }
}

}  // namespace ranklens::app
