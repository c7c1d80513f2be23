#include "usage.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"

namespace ranklens::app {
namespace {

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

/// Whether other programs have a flag for what is an option of an optimiser here.
bool is_of_optimisers(const std::string& flag) {
  return flag == "--lr" || flag == "--learning-rate" || flag == "--momentum" ||
         flag == "--weight-decay";
}

std::string of_optimisers(const std::string& flag, const std::vector<std::string>& words) {
  const auto at = std::find(words.begin(), words.end(), flag);
  const auto value = at != words.end() && at + 1 != words.end() ? at[1] : "0.1";
  const std::string rest = flag == "--momentum"       ? "sgd(lr=0.1,momentum="
                           : flag == "--weight-decay" ? "adam(weight_decay="
                                                      : "adam(lr=";
  return fmt::format("; the optimiser has it: --optimiser '{}{})'", rest, value);
}

/// "tt,tucker,cp" -> "tt, tucker or cp".
std::string choice_of(std::string text) {
  const auto last = text.rfind(',');
  if (last != text.npos) text.replace(last, 1, " or ");
  for (auto at = text.find(','); at != text.npos; at = text.find(',', at + 2))
    text.replace(at, 1, ", ");
  return text;
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
                       command.get_option_no_throw("--optimiser") && is_of_optimisers(name)
                           ? of_optimisers(name, extras)
                           : base::nearest_hint(name, names_of_flags(command)));
  }
  const auto commands = names_of_commands(command);
  if (commands.empty()) return fmt::format("'{}' is one argument too many", extras.front());
  return fmt::format("there is no command '{}'{}", extras.front(),
                     base::nearest_hint(extras.front(), commands));
}

/// What CLI11 says, in this program's words.
std::string in_own_words(const CLI::ParseError& error) {
  std::string said = error.what();
  const auto colon = std::min(said.find(": "), said.size());
  const auto name = said.substr(0, colon);
  const auto rest = said.substr(std::min(colon + 2, said.size()));
  // Checks of ours (checks.h) say "--epochs: takes a whole number ...".
  if (rest.starts_with("takes ")) return fmt::format("{} {}", name, rest);
  if (const std::string most = "At Most "; rest.starts_with(most)) {
    return fmt::format("{} was given {} values and takes {}", name,
                       rest.substr(rest.rfind(' ') + 1),
                       rest.substr(most.size(), rest.find(' ', most.size()) - most.size()));
  }
  if (const auto in = rest.find(" not in {"); in != rest.npos && rest.ends_with('}')) {
    const auto from = in + 9;
    return fmt::format("{} takes {}, not '{}'", name,
                       choice_of(rest.substr(from, rest.size() - 1 - from)), rest.substr(0, in));
  }
  if (rest.ends_with(" missing")) return name + " needs a value";
  if (const auto equals = rest.find(" = "); name == "Could not convert" && equals != rest.npos) {
    return fmt::format("{} cannot take the value '{}'", rest.substr(0, equals),
                       rest.substr(equals + 3));
  }
  return said;
}

}  // namespace

std::string usage_sentence(CLI::App& root, const CLI::ParseError& error) {
  const auto [command, name] = reached(root);
  std::string wrong = about_extras(root, *command);
  if (wrong.empty() && !command->get_require_subcommand_min()) wrong = in_own_words(error);
  if (wrong.empty()) {
    wrong = fmt::format("a command is missing: one of {}",
                        fmt::join(names_of_commands(*command), ", "));
  }
  return fmt::format("{} (see '{} --help')", wrong, name);
}

}  // namespace ranklens::app
