#include <memory>
#include <string>

#include "ranklens/base/error.h"

#include "commands.h"
#include "reproduce_pendulum.h"
#include "study_options.h"

namespace ranklens::app {
namespace {

struct ReproduceOptions {
  StudyOptions study;
  std::string name;
  bool quick = false, smoke = false;

  Extent extent() const {
    base::require(!quick || !smoke, "--quick and --smoke are two different extents: give one");
    if (smoke) return Extent::smoke;
    return quick ? Extent::quick : Extent::full;
  }
};

void reproduce_hackathon(const ReproduceOptions& options) {
  base::require(options.extent() == Extent::full,
                "the hackathon is shortened by --epochs and --seeds, not by --quick or --smoke");
  base::require(!options.study.data.empty(), "the hackathon's data are needed: --data cifar10:DIR");
  run_study(options.study, "reproduce");
}

}  // namespace

void add_reproduce(CLI::App& root) {
  auto options = std::make_shared<ReproduceOptions>();
  auto& study = options->study;
  study.preset = "hackathon";
  study.common.out = "runs/hackathon";
  auto& command = add_command(
      root, "reproduce", "Repeat a published experiment in its own setting and judge its claims",
      "  ranklens reproduce hackathon --data cifar10:DIR --epochs 12 --seeds 5\n"
      "  ranklens reproduce pendulum --out runs/pendulum\n",
      study.common, Out::folder);
  command
      .add_option("name", options->name,
                  "hackathon: a CNN with a dense head against one with a tensor-train head; "
                  "pendulum: dynamical principal components of a swinging cloud and of a film")
      ->required();
  command.add_flag("--quick", options->quick, "pendulum: a shorter form, for people");
  command.add_flag("--smoke", options->smoke, "pendulum: as little as shows that it works");
  add_study_options(command, study);
  auto* out = command.get_option("--out");
  auto* seed = command.get_option("--seed");
  command.callback([options, out, seed] {
    const auto& name = options->name;
    if (name == "hackathon") return reproduce_hackathon(*options);
    base::require(name == "pendulum", "no experiment is called '{}'{}", name,
                  base::nearest_hint(name, {"hackathon", "pendulum"}));
    base::require(
        options->study.data.empty() && options->study.arms.empty() &&
            options->study.seeds.empty() && options->study.epochs == 0,
        "the pendulum's data are computed: it takes no --data, --arms, --seeds, --epochs");
    auto common = options->study.common;
    if (out->count() == 0) common.out = "runs/pendulum";
    if (seed->count() == 0) common.seed = 1;
    reproduce_pendulum(common, options->extent());
  });
}

}  // namespace ranklens::app
