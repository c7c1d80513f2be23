#include "commands.h"

namespace ranklens::app {

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& examples, Common& common) {
  CLI::App& command = *parent.add_subcommand(name, summary);
  command.footer("\nExample:\n" + examples);
  add_common(command, common);
  return command;
}

void add_commands(CLI::App& root) {
  add_study(root);
  add_reproduce(root);
  add_data(root);
  add_train(root);
  add_evaluate(root);
  add_explain(root);
  add_measure(root);
  add_compress(root);
  add_compare(root);
  add_info(root);
  add_fetch(root);
  add_diagram(root);
  add_notation(root);
  add_methods(root);
  add_path(root);
  add_contract(root);
}

}  // namespace ranklens::app
