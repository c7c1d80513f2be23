#include "ranklens/study/experiment.h"

#include <algorithm>

#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/base/json.h"
#include "ranklens/base/sha256.h"
#include "ranklens/study/grid.h"
#include "ranklens/train/provenance.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

nlohmann::json identity_of(const Experiment& experiment) {
  return {{"experiment", experiment.name}, {"settings", experiment.settings}};
}

std::string digest_of(const Experiment& experiment) {
  return base::sha256(identity_of(experiment).dump()).substr(0, 16);
}

fs::path path_of(const fs::path& folder, const std::string& cell) {
  return folder / "cells" / (cell + ".json");
}

void require_same_settings(const Experiment& experiment, const fs::path& folder) {
  const auto there = base::read_json(folder / "experiment.json");
  const auto here = identity_of(experiment);
  if (there == here) return;
  const auto name = there.is_object() ? there.value("experiment", std::string()) : std::string();
  base::require(name == experiment.name,
                "'{}' holds the experiment '{}', not '{}'; choose another "
                "folder (--out)",
                folder.string(), name, experiment.name);
  base::fail("'{}' holds the experiment with other settings: {}; choose another folder (--out)",
             folder.string(),
             base::first_difference(there.value("settings", nlohmann::json::object()),
                                    here.at("settings")));
}

void open_experiment(const Experiment& experiment, const fs::path& folder) {
  base::require(!fs::exists(folder) || fs::is_directory(folder), "'{}' is no folder",
                folder.string());
  base::require_free(folder, {.command = "reproduce", .marks = {"experiment.json"}});
  base::make_folder(folder);
  const auto path = folder / "experiment.json";
  if (fs::exists(path) || !base::write_new_json(path, identity_of(experiment))) {
    require_same_settings(experiment, folder);
  }
  base::make_folder(folder / "cells");
  base::sweep_temporaries(folder);
  base::sweep_temporaries(folder / "cells");
}

/// The object of a finished cell; null where there is none.
nlohmann::json stored(const Experiment& experiment, const fs::path& folder,
                      const std::string& cell) {
  const auto path = path_of(folder, cell);
  if (!fs::exists(path)) return nullptr;
  auto object = base::read_json(path);
  base::require(object.is_object() && object.value("identity", "") == digest_of(experiment) &&
                    object.value("cell", "") == cell && object.contains("result") &&
                    object.contains("seconds") && object.at("seconds").is_number(),
                "'{}' was made under other settings, or is damaged", path.string());
  return object;
}

}  // namespace

ExperimentResults load(const Experiment& experiment, const fs::path& folder) {
  ExperimentResults results;
  for (const auto& cell : experiment.cells) {
    auto object = stored(experiment, folder, cell);
    if (object.is_null()) continue;
    results.seconds[cell] = object.at("seconds").get<double>();
    results.cells[cell] = std::move(object.at("result"));
  }
  results.complete = results.cells.size() == experiment.cells.size();
  return results;
}

ExperimentResults run(const Experiment& experiment, const ExperimentOptions& options) {
  open_experiment(experiment, options.folder);
  const auto work = options.work.empty() ? options.folder / "work" : options.work;
  std::size_t done = load(experiment, options.folder).cells.size();
  GridWork grid{
      .names = experiment.cells, .claims = options.folder / "claims", .note = options.note};
  grid.finished = [&](const std::string& cell) {
    return !stored(experiment, options.folder, cell).is_null();
  };
  grid.make = [&](const std::string& cell, const Lease& lease) {
    const base::Stopwatch watch;
    const auto result =
        experiment.make({.cell = cell, .folder = work / cell, .progress = options.progress});
    if (result.is_null() || !lease.held()) return false;
    base::write_json(path_of(options.folder, cell),
                     {{"experiment", experiment.name},
                      {"cell", cell},
                      {"identity", digest_of(experiment)},
                      {"seconds", watch.seconds()},
                      {"provenance", train::provenance_here(experiment.device)},
                      {"result", result}});
    ++done;
    if (options.note) {
      options.note(fmt::format("{} of {}: {}, {}", done, experiment.cells.size(), cell,
                               base::render_seconds(watch.seconds())));
    }
    return true;
  };
  work_through(grid);
  return load(experiment, options.folder);
}

}  // namespace ranklens::study
