#include "ranklens/study/run.h"

#include <chrono>
#include <set>
#include <thread>

#include <ATen/ops/arange.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/data/open.h"
#include "ranklens/data/pixels.h"
#include "ranklens/explain/methods.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/folder.h"
#include "ranklens/study/lease.h"
#include "ranklens/study/make_cell.h"

namespace ranklens::study {
namespace {

void note(const RunOptions& options, const std::string& line) {
  if (options.note) options.note(line);
}

std::filesystem::path lease_path(const RunOptions& options, const std::string& name) {
  return options.folder / "claims" / name;
}

/// An Error if a finished cell saw other images than this run would.
void require_same_data(const Config& config, const RunOptions& options, const Material& material) {
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

/// Explains one image with every method: a wrong option shows before hours of training, not after.
void try_methods(const Config& config, const RunOptions& options, const Material& material) {
  const auto& source = material.selection.data;
  const auto one = data::select(source, at::arange(1));
  for (const auto& name : config.arms) {
    const auto network = build(arm(name), config, source.channels(), source.height(),
                               static_cast<std::int64_t>(source.classes.size()), 0);
    for (const auto& spec : config.methods) {
      explain::attribute(spec, {.network = &network,
                                .images = data::in_unit_range(one.images),
                                .targets = one.labels,
                                .execution = {.memory = options.memory}});
    }
  }
}

/// Makes the cell unless another process is at it. True when its result is there afterwards.
bool try_cell(const Config& config, const RunOptions& options, const Material& material,
              const std::string& arm, std::uint64_t seed) {
  const auto lease = Lease::acquire(lease_path(options, cell_name(arm, seed)));
  if (!lease) return false;
  if (find_cell(config, options.folder, arm, seed))
    return true;  // finished between the look and the claim
  const auto made = make_cell(config, options, material, arm, seed);
  if (!made || !lease->held()) return false;
  if (made->cell.failure.empty()) write_pictures(options.folder, made->cell, made->pictures);
  write_cell(options.folder, made->cell);
  note(options,
       made->cell.failure.empty()
           ? fmt::format("{}: accuracy {:.2f} %", cell_name(arm, seed), 100 * made->cell.accuracy)
           : fmt::format("{}: {}", cell_name(arm, seed), made->cell.failure));
  return true;
}

/// One pass over the grid, seeds first, so that comparisons of arms are there early. The cells
/// still missing.
std::size_t pass(const Config& config, const RunOptions& options, const Material& material,
                 bool& worked) {
  std::size_t missing = 0;
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms) {
      if (base::interrupted()) return ++missing;
      if (find_cell(config, options.folder, arm, seed)) continue;
      if (try_cell(config, options, material, arm, seed)) {
        worked = true;
      } else {
        ++missing;
      }
    }
  }
  return missing;
}

std::size_t missing_cells(const Config& config, const std::filesystem::path& folder) {
  std::size_t missing = 0;
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms) missing += find_cell(config, folder, arm, seed) ? 0 : 1;
  }
  return missing;
}

/// Speeds of all arms, taken in turns in one process, once for the folder.
void measure_speed(const Config& config, const RunOptions& options, const Material& material) {
  const auto there = find_throughput(options.folder);
  std::vector<nn::Network> networks;
  bool complete = true;
  for (const auto& name : config.arms) {
    complete = complete && there.contains(name);
    networks.push_back(build(arm(name), config, material.train.channels(), material.train.height(),
                             static_cast<std::int64_t>(material.train.classes.size()),
                             config.seeds.front()));
  }
  const auto lease = complete ? nullptr : Lease::acquire(lease_path(options, "throughput"));
  if (!lease) return;
  const auto speeds =
      train::throughput(networks, {.batch = config.batch,
                                   .seconds = 2.0 * static_cast<double>(networks.size()),
                                   .execution = {.compute = train::parse_compute(config.compute),
                                                 .channels_last = options.channels_last}});
  std::map<std::string, train::Throughput> by_arm;
  for (std::size_t k = 0; k < speeds.size(); ++k) by_arm[config.arms[k]] = speeds[k];
  write_throughput(options.folder, by_arm);
}

}  // namespace

Material open_material(const Config& config) {
  Material material;
  material.train = data::open(config.data, {.split = data::Split::train, .grey = config.grey});
  material.test = data::open(config.data, {.split = data::Split::test, .grey = config.grey});
  const bool train = selection_split(config.images) == data::Split::train;
  material.selection = select(config.images, train ? material.train : material.test);
  return material;
}

Results load(const Config& config, const std::filesystem::path& folder) {
  Results results{.config = config,
                  .cells = {},
                  .pictures = {},
                  .throughput = find_throughput(folder),
                  .answers = {}};
  for (const auto seed : config.seeds) {
    for (const auto& arm : config.arms) {
      auto cell = find_cell(config, folder, arm, seed);
      if (!cell) continue;
      if (!results.pictures.contains(arm)) {
        if (auto pictures = find_pictures(folder, arm, seed))
          results.pictures[arm] = std::move(*pictures);
      }
      results.cells.push_back(std::move(*cell));
    }
  }
  results.answers = answer(config, results.cells);
  return results;
}

Results run(const Config& config, const RunOptions& options) {
  check(config);
  open_folder(config, options.folder);
  if (missing_cells(config, options.folder) > 0 ||
      find_throughput(options.folder).size() < config.arms.size()) {
    const auto material = open_material(config);
    require_same_data(config, options, material);
    try_methods(config, options, material);
    bool waiting = false;
    while (!base::interrupted()) {
      bool worked = false;
      const auto missing = pass(config, options, material, worked);
      if (missing == 0 || base::interrupted()) break;
      if (!waiting && !worked)
        note(options, fmt::format("waiting for {} cells that other processes work on", missing));
      waiting = true;
      if (!worked) std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    if (!base::interrupted()) measure_speed(config, options, material);
  }
  auto results = load(config, options.folder);
  results.interrupted = base::interrupted();
  return results;
}

}  // namespace ranklens::study
