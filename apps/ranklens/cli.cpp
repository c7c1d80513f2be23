#include "cli.h"

#include <algorithm>
#include <iostream>
#include <new>

#include <CLI/CLI.hpp>
#include <c10/util/Exception.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"

#include "command_line.h"
#include "commands.h"
#include "config.h"

namespace ranklens::app {
namespace {

enum Status { kDone = 0, kFailed = 1, kWrongInput = 2 };

int complain(Status status, const std::string& sentence) {
  std::cerr << "ranklens: " << sentence << '\n';
  return status;
}

/// The deepest command that the parse reached, and its full name.
std::pair<CLI::App*, std::string> reached(CLI::App& root) {
  CLI::App* command = &root;
  std::string name = root.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  return {command, name};
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> names_of_flags(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// What is wrong about the first word that nothing took, or "".
std::string about_extras(const CLI::App& root, const CLI::App& command) {
  const auto extras = root.remaining(true);
  if (extras.empty()) return "";
  const auto flag = std::find_if(extras.begin(), extras.end(),
                                 [](const auto& word) { return word.rfind('-', 0) == 0; });
  if (flag != extras.end()) {
    const std::string name = flag->substr(0, flag->find('='));
    return fmt::format("there is no flag '{}'{}", name,
                       base::nearest_hint(name, names_of_flags(command)));
  }
  const auto commands = names_of_commands(command);
  if (commands.empty()) return fmt::format("'{}' is one argument too many", extras.front());
  return fmt::format("there is no command '{}'{}", extras.front(),
                     base::nearest_hint(extras.front(), commands));
}

int usage(CLI::App& root, const CLI::ParseError& error) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    root.exit(error);  // --help, --version
    return kDone;
  }
  const auto [command, name] = reached(root);
  std::string wrong = about_extras(root, *command);
  if (wrong.empty() && !command->get_require_subcommand_min()) wrong = error.what();
  if (wrong.empty()) {
    wrong = fmt::format("a command is missing: one of {}",
                        fmt::join(names_of_commands(*command), ", "));
  }
  return complain(kWrongInput, fmt::format("{} (see '{} --help')", wrong, name));
}

void parse(CLI::App& root, std::vector<std::string> args) {
  args = with_config(root, std::move(args));
  std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
  root.parse(std::move(args));
  std::cout.flush();
  if (!std::cout) throw base::SystemError("the output could not be written");
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

int run(const std::string& program, std::vector<std::string> args) {
  try {
    set_command_line(program, args);
    CLI::App root{"Compress a network, keep its reasons.", "ranklens"};
    root.set_version_flag("--version", "ranklens " RANKLENS_VERSION);
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
    return complain(kFailed, "out of memory");
  } catch (const c10::Error& error) {
    return complain(kFailed, first_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {
    return complain(kFailed, first_line(error.what()));
  }
}

}  // namespace ranklens::app
