#include "ranklens/study/run.h"

#include <algorithm>
#include <map>

#include <ATen/ops/arange.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/data/open.h"
#include "ranklens/data/pixels.h"
#include "ranklens/explain/methods.h"
#include "ranklens/optim/schedule.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/cell_seeds.h"
#include "ranklens/study/folder.h"
#include "ranklens/study/grid.h"
#include "ranklens/study/make_cell.h"
#include "ranklens/study/rates.h"
#include "ranklens/study/run_progress.h"
#include "ranklens/study/speed.h"
#include "ranklens/train/room.h"
#include "ranklens/train/try_step.h"

namespace ranklens::study {
namespace {

/// An Error if a finished cell, or a training that chose a rate, saw other images than this run
/// would.
void require_same_data(const Config& config, const RunOptions& options, const Material& material) {
  require_rates_of(config, options.folder, material.train.hash);
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms) {
      const auto cell = find_cell(config, options.folder, arm, seed);
      if (!cell || !cell->provenance.contains("training data")) continue;
      base::require(cell->provenance.at("training data") == material.train.hash &&
                        cell->provenance.at("held-out data") == material.test.hash,
                    "'{}' holds cells of other data than those in '{}' now",
                    options.folder.string(), config.data);
    }
  }
}

/// A study shows the images that it judges on to its trainings, for their curves. What finished
/// cells of earlier versions did can still be shown.
void require_blind_schedule(const Config& config) {
  base::require(!optim::make_schedule(config.schedule).listens(),
                "'{}' would set the learning rate by the images that a study judges on; take a "
                "schedule that does without them, such as cosine",
                config.schedule);
}

/// A step of every arm, and one image explained with every method: a wrong option, and an optimiser
/// that has nothing to do in its network, show before hours of training, not after, and so does a
/// batch that no machine holds.
void try_arms(const Config& config, const RunOptions& options, const Material& material) {
  const auto& source = material.selection.data;
  const auto one = data::select(source, at::arange(1));
  for (const auto& name : config.arms) {
    auto network = build(arm(config, name), config, source, config.seeds.front());
    network.state = network.state.to(options.device);
    train::require_step_fits(network, std::min(config.batch, material.train.size()),
                             {.compute = train::parse_compute(config.compute)});
    train::try_step(network, material.train, optimiser_of(config, name),
                    {.compute = train::parse_compute(config.compute),
                     .channels_last = options.channels_last,
                     .low_memory = config.low_memory});
    for (const auto& spec : config.methods) {
      const auto images = data::in_unit_range(one.images).to(options.device);
      const auto maps = explain::attribute(spec, {.network = &network,
                                                  .images = images,
                                                  .targets = one.labels,
                                                  .execution = {.memory = options.memory}})
                            .maps;
      const bool same = maps.dim() == 3 && maps.sizes().slice(1) == images.sizes().slice(2);
      base::require(same,
                    "a study cannot measure the maps of '{}', which are {} for images {}; choose "
                    "options that give one value a pixel",
                    spec, fmt::join(maps.sizes().slice(1), "x"),
                    fmt::join(images.sizes().slice(2), "x"));
    }
  }
}

/// Seeds first, so that comparisons of arms are there early.
void make_cells(const Config& config, const RunOptions& options, const Material& material) {
  RunProgress progress(config, options.progress);
  struct Place {
    std::string arm;
    std::uint64_t seed;
  };
  std::map<std::string, Place> places;
  GridWork work{.claims = options.folder / "claims", .note = options.note};
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms) {
      work.names.push_back(cell_name(arm, seed));
      places[work.names.back()] = {arm, seed};
    }
  }
  work.finished = [&](const std::string& name) {
    const auto& [arm, seed] = places.at(name);
    const auto cell = find_cell(config, options.folder, arm, seed);
    if (cell) progress.finished(*cell);
    return cell.has_value();
  };
  work.make = [&](const std::string& name, const Lease& lease) {
    const auto& [arm, seed] = places.at(name);
    progress.begin(arm, seed);
    auto within = options;
    within.progress = progress.callback();
    const auto made = make_cell(config, within, material, arm, seed);
    if (!made || !lease.held()) return false;
    if (made->cell.failure.empty()) write_pictures(options.folder, made->cell, made->pictures);
    write_cell(options.folder, made->cell);
    progress.finished(made->cell);
    if (options.note) options.note(progress.line(made->cell));
    return true;
  };
  work_through(work);
}

std::size_t missing_cells(const Config& config, const std::filesystem::path& folder) {
  std::size_t missing = 0;
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms) missing += find_cell(config, folder, arm, seed) ? 0 : 1;
  }
  return missing;
}

}  // namespace

Material open_material(const Config& config) {
  Material material;
  const auto part = [&](data::Split split) {
    return data::open(config.data, {.split = split, .grey = config.grey, .size = config.size});
  };
  material.train = part(data::Split::train);
  material.test = part(data::Split::test);
  base::require(material.train.height() == material.train.width(),
                "the networks of a study take square images, '{}' has {}x{}: give --size",
                material.train.name, material.train.height(), material.train.width());
  const bool train = selection_split(config.images) == data::Split::train;
  material.selection = select(config.images, train ? material.train : material.test);
  return material;
}

namespace {

/// Maps of one network an arm, side by side: of the first seed that all arms which have any have.
/// Where there is no such seed, each arm shows its own first one.
std::map<std::string, Pictures> pictures_of(const Config& config,
                                            const std::filesystem::path& folder) {
  std::map<std::string, std::vector<std::uint64_t>> seeds;
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms)
      if (has_pictures(folder, arm, seed)) seeds[arm].push_back(seed);
  }
  const auto everywhere = [&](std::uint64_t seed) {
    return std::all_of(seeds.begin(), seeds.end(), [&](const auto& own) {
      return std::find(own.second.begin(), own.second.end(), seed) != own.second.end();
    });
  };
  const auto common = std::find_if(config.seeds.begin(), config.seeds.end(), everywhere);
  std::map<std::string, Pictures> pictures;
  for (const auto& [arm, own] : seeds) {
    const auto seed = common == config.seeds.end() ? own.front() : *common;
    if (auto found = find_pictures(folder, arm, seed)) pictures[arm] = std::move(*found);
  }
  return pictures;
}

std::vector<std::string> arms_beside(const Config& config, const std::filesystem::path& folder) {
  std::vector<std::string> beside;
  for (const auto& text : config.recipes) {
    const auto name = read_recipe(text).name;
    const bool asked = std::find(config.arms.begin(), config.arms.end(), name) != config.arms.end();
    if (!asked && !cell_seeds(folder, name).empty()) beside.push_back(name);
  }
  return beside;
}

/// An arm's cells are of one rate. Those of an earlier version may be of the best of fewer factors.
void require_chosen_rates(const Results& results) {
  for (const auto& cell : results.cells) {
    const auto& rates = results.config.rates;
    if (!chooses_rates(results.config) || next_rate(rates, results.rates, cell.arm)) continue;
    const double chosen = best_rate(results.rates, cell.arm);
    base::require(
        cell.rate == chosen,
        "'{}' was trained from seed {} at {} times its learning rate, but {} times is the "
        "best that was tried; choose another folder (--out)",
        cell.arm, cell.seed, cell.rate, chosen);
  }
}

}  // namespace

Results load(const Config& config, const std::filesystem::path& folder) {
  Results results{.config = config,
                  .cells = {},
                  .pictures = pictures_of(config, folder),
                  .speeds = find_speeds(folder),
                  .answers = {}};
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms) {
      if (auto cell = find_cell(config, folder, arm, seed))
        results.cells.push_back(std::move(*cell));
    }
  }
  results.answers = answer(config, results.cells);
  results.rates = find_rates(config, folder);
  results.beside = arms_beside(config, folder);
  require_chosen_rates(results);
  return results;
}

Results run(const Config& config, const RunOptions& options) {
  check(config);
  check_folder(config, options.folder);
  const bool speeds = options.speed_seconds > 0 && !has_speeds(config, options.folder);
  const auto material = open_material(config);
  require_same_data(config, options, material);
  if (speeds || missing_cells(config, options.folder) > 0) {
    // Whatever can be found wrong is found before the folder is made.
    require_blind_schedule(config);
    try_arms(config, options, material);
    check_rates(config, material);
    open_folder(config, options.folder);
    try_rates(config, options, material);
    make_cells(config, options, material);
    if (speeds && !base::interrupted()) measure_speeds(config, options, material);
  }
  auto results = load(config, options.folder);
  results.selection = material.selection;
  results.interrupted = base::interrupted();
  return results;
}

}  // namespace ranklens::study
