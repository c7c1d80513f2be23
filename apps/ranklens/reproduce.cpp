#include "ranklens/base/error.h"

#include "commands.h"
#include "study_options.h"

namespace ranklens::app {

void add_reproduce(CLI::App& root) {
  auto options = std::make_shared<StudyOptions>();
  auto name = std::make_shared<std::string>();
  options->preset = "hackathon";
  options->common.out = "runs/hackathon";
  auto& command = add_command(
      root, "reproduce", "Repeat a published experiment in its own setting and judge its claims",
      "  ranklens reproduce hackathon --data cifar10:DIR --epochs 12 --seeds 5\n", options->common,
      Out::folder);
  command
      .add_option("name", *name,
                  "hackathon: a CNN with a dense head against one with a tensor-train head")
      ->required();
  add_study_options(command, *options);
  command.callback([options, name] {
    base::require(*name == "hackathon", "no experiment is called '{}'{}", *name,
                  base::nearest_hint(*name, {"hackathon"}));
    base::require(!options->data.empty(), "the hackathon's data are needed: --data cifar10:DIR");
    run_study(*options, "reproduce");
  });
}

}  // namespace ranklens::app
