#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/report/reproductions/alignment_page.h"
#include "ranklens/report/reproductions/born_machine_page.h"
#include "ranklens/report/reproductions/timings_page.h"
#include "ranklens/report/reproductions/trials_page.h"
#include "ranklens/study/cell_seeds.h"

#include "commands.h"
#include "reproduce_pendulum.h"
#include "reproduce_study.h"
#include "run_experiment.h"
#include "seeds.h"
#include "study_options.h"
#include "values.h"

namespace ranklens::app {
namespace {

namespace reproductions = study::reproductions;
using reproductions::Extent;

/// The seeds that --seeds gives, in the order of those from the first on; none where it was not
/// given.
std::vector<std::uint64_t> asked_seeds(const std::string& text, std::uint64_t first) {
  if (text.empty()) return {};
  return parse_seeds(text, consecutive(first, kMostSeeds));
}

struct ReproduceOptions {
  StudyOptions study;
  std::string name;
  bool quick = false, smoke = false;

  Extent extent() const {
    base::require(!quick || !smoke, "--quick and --smoke are two different extents: give one");
    if (smoke) return Extent::smoke;
    return quick ? Extent::quick : Extent::full;
  }

  /// For experiments of several seeds on images.
  reproductions::Options of_seeds(std::uint64_t first) const {
    return {.extent = extent(),
            .data = study.data,
            .first_seed = first,
            .seeds = asked_seeds(study.seeds, first),
            .arms = study.arms.empty() ? std::vector<std::string>() : split_list(study.arms),
            .device = study.common.torch_device()};
  }
};

void reproduce_trials(const Common& common, const ReproduceOptions& options,
                      const reproductions::Entry& entry) {
  const auto& study = options.study;
  auto given = options.of_seeds(common.seed);
  given.more_seeds = study::cell_seeds(common.out);
  const auto reproduction = entry.make(given);
  run_experiment(
      common,
      {.experiment = experiment(reproduction.trials),
       .page =
           [&](const study::ExperimentResults& results, const std::string& command) {
             return report::trials_page(reproduction, results, command);
           },
       .work = study.work,
       .data_hash = reproduction.trials.settings.value("data", ""),
       .partial = true,
       .failure = [](const nlohmann::json& result) { return result.value("diverged", ""); }});
}

void reproduce_timings(const Common& common, Extent extent) {
  study::timings::Options options{.seed = common.seed};
  if (extent == Extent::quick) {
    options.width = 1024, options.repeats = 3, options.ranks = {5, 20, 80, 320, 512};
  }
  if (extent == Extent::smoke) {
    options.layers = 2, options.width = 64, options.batch = 16, options.repeats = 1;
    options.ranks = {4, 16};
  }
  run_experiment(common,
                 {.experiment = study::timings::experiment(options),
                  .page = [&](const study::ExperimentResults& results, const std::string& command) {
                    return report::timings_page(options, results, command);
                  }});
}

void reproduce_alignment(const Common& common, const ReproduceOptions& options) {
  const auto given = options.of_seeds(common.seed);
  study::alignment::Options made{.seeds = reproductions::seeds_of(given, 5),
                                 .images = reproductions::grey_images(given, 4000)};
  if (given.extent == Extent::quick) made.side = 14;
  if (given.extent == Extent::smoke) {
    made.steps = 200, made.image_steps = 200, made.each = 16, made.hidden = 8, made.side = 6;
  }
  run_experiment(common,
                 {.experiment = study::alignment::experiment(made),
                  .page =
                      [&](const study::ExperimentResults& results, const std::string& command) {
                        return report::alignment_page(made, results, command);
                      },
                  .data_hash = made.images.hash});
}

void reproduce_born_machine(const Common& common, const ReproduceOptions& options) {
  const auto given = options.of_seeds(common.seed);
  const std::int64_t side = given.extent == Extent::smoke ? 16 : 0;
  study::born_machine::Options made{.images = reproductions::grey_images(given, 2000, side),
                                    .seeds = reproductions::seeds_of(given, 3, 1)};
  if (given.extent == Extent::quick) {
    made.samples = 1000, made.bond = 16, made.sweeps = 4, made.passes = 20;
  }
  if (given.extent == Extent::smoke) {
    made.samples = 60, made.bond = 3, made.sweeps = 2, made.passes = 2, made.batch = 30;
    made.shown = 4;
  }
  run_experiment(common,
                 {.experiment = study::born_machine::experiment(made),
                  .page =
                      [&](const study::ExperimentResults& results, const std::string& command) {
                        return report::born_machine_page(made, results, command);
                      },
                  .data_hash = made.images.hash,
                  .partial = true});
}

/// Experiments that are neither studies nor made of trainings.
struct Other {
  const char *name, *text;
};
constexpr Other kOthers[] = {
    {"pendulum", "dynamical principal components of a swinging cloud and of a film"},
    {"timings", "seconds of a step at fixed ranks beside the dense network"},
    {"alignment", "singular vectors of neighbouring layers of deep linear networks"},
    {"born-machine", "a matrix product state learns the distribution of digits"}};

/// Calls `take` with the name and the text of every experiment.
template <class Take>
void each_experiment(Take&& take) {
  for (const auto& one : study_experiments()) take(one.name, one.text);
  for (const auto& one : kOthers) take(one.name, one.text);
  for (const auto& one : reproductions::all()) take(one.name, one.text);
}

std::string experiments_text() {
  std::vector<std::string> texts;
  each_experiment([&](const char* name, const char* text) {
    texts.push_back(fmt::format("{}: {}", name, text));
  });
  return fmt::format("{}", fmt::join(texts, "; "));
}

bool is_known(const std::string& name) {
  bool found = false;
  each_experiment([&](const char* known, const char*) { found = found || name == known; });
  return found;
}

[[noreturn]] void refuse_unknown(const std::string& name) {
  std::vector<std::string> names;
  each_experiment([&](const char* known, const char*) { names.emplace_back(known); });
  base::fail("no experiment is called '{}'{}", name, base::nearest_hint(name, names));
}

/// Which flags of a study an experiment that is none takes, and what is said of all others.
struct Taken {
  std::vector<std::string> flags;
  std::string reason;
};

Taken taken_by(const std::string& name) {
  if (name == "pendulum" || name == "timings") {
    return {{}, fmt::format("the data of {} are computed: it takes no --data, --arms", name)};
  }
  if (name == "alignment" || name == "born-machine") {
    return {
        {"--data", "--seeds"},
        fmt::format("{} is given but for --data and --seeds: it takes no --arms, --epochs", name)};
  }
  return {{"--data", "--seeds", "--arms", "--work"},
          fmt::format("the trainings of {} are given: it takes no --epochs, --optimiser", name)};
}

/// An Error for a flag that was given and would change nothing. What all commands have is taken by
/// all.
void refuse_unused(const CLI::App& command, const std::string& name) {
  auto taken = taken_by(name);
  taken.flags.insert(taken.flags.end(), {"name", "--quick", "--smoke"});
  base::require(command.get_option("--dtype")->as<std::string>() == "float32",
                "{} is computed in the precision that its recipe names: leave --dtype out", name);
  for (const auto* option : command.get_options()) {
    const bool common = option->get_group() == kCommonOptions || option->get_group() == kUnlisted;
    const auto flag = option->get_name();
    const bool used = std::find(taken.flags.begin(), taken.flags.end(), flag) != taken.flags.end();
    base::require(common || used || option->count() == 0,
                  "{} or other flag of a study; {} was given", taken.reason, flag);
  }
}

void reproduce(const ReproduceOptions& options, const CLI::App& command) {
  const auto given = [&](const char* flag) { return command.get_option(flag)->count() > 0; };
  const auto& name = options.name;
  auto common = options.study.common;
  if (!given("--out")) common.out = "runs/" + name;
  for (const auto& one : study_experiments()) {
    if (name != one.name) continue;
    auto study = options.study;
    study.common = std::move(common);
    return reproduce_study(study, one, options.extent());
  }
  if (!is_known(name)) refuse_unknown(name);
  refuse_unused(command, name);
  options.study.refuse_empty();
  for (const auto& other : kOthers) {
    base::require(name != other.name || common.torch_device().is_cpu(),
                  "{} is computed on the processor alone: give --device cpu", name);
  }
  if (!given("--seed")) common.seed = 1;
  start(common);
  if (name == "pendulum" || name == "timings") {
    return name == "pendulum" ? reproduce_pendulum(common, options.extent())
                              : reproduce_timings(common, options.extent());
  }
  if (name == "alignment") return reproduce_alignment(common, options);
  if (name == "born-machine") return reproduce_born_machine(common, options);
  for (const auto& entry : reproductions::all()) {
    if (name == entry.name) return reproduce_trials(common, options, entry);
  }
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
      "  ranklens reproduce lenet-dlrt --data mnist:DIR --quick\n"
      "  ranklens reproduce pendulum --out runs/pendulum\n",
      study.common, Out::folder);
  command.add_option("name", options->name, experiments_text())->required();
  command.add_flag(
      "--quick", options->quick,
      "a shorter form, for people (not of hackathon, cifar100-dlrt and *imagenet-dlrt)");
  command.add_flag("--smoke", options->smoke,
                   "as little as shows that it works (of the same experiments)");
  add_study_options(command, study);
  command.get_option("--out")->default_str("runs/NAME");
  command.get_option("--seed")->default_str("13112022 of hackathon, 1 of others");
  command.get_option("--arms")->description(
      "of NAME; in a study (hackathon, *-optimisers, cifar*-dlrt, *imagenet-dlrt) dense, "
      "tt-matched, "
      "low-rank, tt, tt-trunk, and recipes by name, the first of which is compared with");
  command.callback([options, app = &command] { reproduce(*options, *app); });
}

}  // namespace ranklens::app
