#include "config.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/toml.h"

#include "spellings.h"

namespace ranklens::app {
namespace {

std::string option_name(const std::string& arg) { return arg.substr(0, arg.find('=')); }

/// The value of the last `--config` among `args`, or "".
std::string config_file(const std::vector<std::string>& args) {
  std::string file;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "--config" && i + 1 < args.size()) file = args[i + 1];
    if (args[i].rfind("--config=", 0) == 0) file = args[i].substr(9);
  }
  return file;
}

/// A value as it would be written behind a flag.
std::string text_of(const std::string& file, const std::string& key, const nlohmann::json& value) {
  base::require(value.is_primitive(),
                "'{}': '{}' must be a text, a number, a truth or a list of these", file, key);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Turns tables into flags, `[a] b = 1` into `--a-b=1`.
class Reader {
 public:
  Reader(std::string file, const CLI::App& command, const std::vector<std::string>& given)
      : file_(std::move(file)), command_(command) {
    for (const auto* option : command.get_options()) {
      for (const auto& name : option->get_lnames())
        if (!is_no_key(name)) known_.push_back(name);
    }
    for (const auto& arg : given) {
      if (const auto* option = find(option_name(arg))) given_.push_back(option);
    }
  }

  void read(const nlohmann::json& table, const std::string& prefix) {
    for (const auto& [key, value] : table.items()) {
      if (value.is_object()) {
        read(value, prefix + key + "-");
      } else {
        add(prefix + key, value);
      }
    }
  }

  std::vector<std::string> flags;

 private:
  static bool is_no_key(const std::string& name) { return name == "config" || name == "help"; }

  const CLI::Option* find(const std::string& flag) const {
    return flag.rfind('-', 0) == 0 ? command_.get_option_no_throw(flag) : nullptr;
  }

  void add(std::string name, const nlohmann::json& value) {
    std::replace(name.begin(), name.end(), '_', '-');
    name = as_spelt(command_, "--" + name).substr(2);
    const auto* option = find("--" + name);
    base::require(option == nullptr || !is_no_key(name),
                  "'{}': '{}' is a flag, but no key of a file", file_, name);
    base::require(option != nullptr, "'{}': the key '{}' does not exist{}", file_, name,
                  base::nearest_hint(name, known_));
    if (std::count(given_.begin(), given_.end(), option)) return;
    if (value.is_array() && option->get_items_expected_max() <= 1) {
      flags.push_back("--" + name + "=" + list_of(name, value));
      return;
    }
    for (const auto& item : value.is_array() ? value : nlohmann::json::array({value})) {
      flags.push_back("--" + name + "=" + text_of(file_, name, item));
    }
  }

  /// "a,b" for a flag that takes a list as one text; "7," for a list of one, which is not a 7.
  std::string list_of(const std::string& name, const nlohmann::json& values) const {
    base::require(!values.empty(), "'{}': the list '{}' is empty", file_, name);
    std::string list;
    for (const auto& item : values) list += text_of(file_, name, item) + ",";
    if (values.size() > 1) list.pop_back();
    return list;
  }

  std::string file_;
  const CLI::App& command_;
  std::vector<std::string> known_;
  std::vector<const CLI::Option*> given_;
};

}  // namespace

const CLI::App& command_of(const CLI::App& root, const std::vector<std::string>& args) {
  const CLI::App* command = &root;
  for (const auto& arg : args) {
    const auto deeper =
        command->get_subcommands([&](const CLI::App* c) { return c->check_name(arg); });
    if (deeper.empty()) break;
    command = deeper.front();
  }
  return *command;
}

std::vector<std::string> with_config(const CLI::App& root, std::vector<std::string> args) {
  const std::string file = config_file(args);
  if (file.empty()) return args;
  Reader reader(file, command_of(root, args), args);
  reader.read(base::read_toml(file), "");
  args.insert(args.end(), reader.flags.begin(), reader.flags.end());
  return args;
}

}  // namespace ranklens::app
