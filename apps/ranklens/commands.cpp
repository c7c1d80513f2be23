#include "commands.h"

#include <memory>
#include <utility>
#include <vector>

namespace ranklens::app {
namespace {

class Help : public CLI::Formatter {
 public:
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    if (group == kUnlisted) return "";
    return CLI::Formatter::make_group(std::move(group), is_positional, std::move(options));
  }
};

}  // namespace

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& examples, Common& common, Out out, const Takes& takes) {
  CLI::App& command = *parent.add_subcommand(name, summary);
  command.formatter(std::make_shared<Help>());
  command.footer("\nExample:\n" + examples);
  common.out_kind = out;
  common.command = parent.get_parent() == nullptr ? name : parent.get_name() + " " + name;
  add_common(command, common, takes);
  return command;
}

void require_out(CLI::App& command, const std::string& what) {
  command.get_option("--out")->required()->description(what);
}

void add_commands(CLI::App& root) {
  for (const auto add :
       {add_study,   add_reproduce, add_data,    add_train,   add_evaluate, add_explain,
        add_measure, add_compress,  add_compare, add_info,    add_fetch,    add_decompose,
        add_round,   add_full,      add_dot,     add_entropy, add_path,     add_contract,
        add_diagram, add_notation,  add_methods}) {
    add(root);
  }
}

}  // namespace ranklens::app
