#include <fmt/ranges.h>

#include "commands.h"
#include "study_options.h"

namespace ranklens::app {

void add_study(CLI::App& root) {
  auto options = std::make_shared<StudyOptions>();
  options->preset = "demo";
  options->common.out = "runs/study";
  auto& command = add_command(
      root, "study",
      "Train dense and compressed networks, see what they look at, measure it, report it",
      "  ranklens study\n"
      "  ranklens study --preset paper --data cifar10:DIR --seeds 5 --epochs 12 --out runs/cifar\n",
      options->common, Out::folder);
  command
      .add_option("--preset", options->preset,
                  fmt::format("{}", fmt::join(study::preset_names(), ", ")))
      ->capture_default_str();
  add_study_options(command, *options);
  command.callback([options] { run_study(*options, "study"); });
}

}  // namespace ranklens::app
