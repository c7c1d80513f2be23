#include "ranklens/study/experiment.h"

#include <algorithm>
#include <set>

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

using nlohmann::json;

/// Of settings, what belongs to one arm each, by the arm's name.
constexpr const char* kByArm[] = {"arms", "sweeps"};

json identity_of(const std::string& name, const json& settings) {
  return {{"experiment", name}, {"settings", settings}};
}

json identity_of(const Experiment& experiment) {
  return identity_of(experiment.name, experiment.settings);
}

std::string digest_of(const json& identity) { return base::sha256(identity.dump()).substr(0, 16); }

fs::path path_of(const fs::path& folder, const std::string& cell) {
  return folder / "cells" / (cell + ".json");
}

/// Whether settings are those of before with arms added to them.
bool adds_arms(const json& now, json before) {
  if (!now.is_object() || !before.is_object()) return false;
  for (const char* key : kByArm) {
    if (!now.value(key, json()).is_object() || !before.value(key, json()).is_object()) continue;
    for (const auto& [arm, how] : now.at(key).items()) {
      if (!before.at(key).contains(arm)) before.at(key)[arm] = how;
    }
  }
  return now == before;
}

/// Digests under which cells of the folder may have been made: those of its settings before arms
/// were added to them.
std::vector<std::string> earlier_digests(const json& there) {
  return there.value("earlier", std::vector<std::string>());
}

/// Whether files lie anywhere in the folder but those that begin every experiment.
bool holds_files(const fs::path& folder) {
  if (!fs::exists(folder)) return false;
  for (auto entry = fs::recursive_directory_iterator(folder);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const auto name = entry->path().filename();
    if (entry->is_directory() && name == "claims") entry.disable_recursion_pending();
    if (!entry->is_directory() && name != "experiment.json") return true;
  }
  return false;
}

/// Whether nothing was made under the folder's settings, and nobody is about to.
bool is_blank(const ExperimentOptions& options) {
  if (holds_files(options.folder) || holds_files(options.work)) return false;
  const auto claims = options.folder / "claims";
  if (!fs::exists(claims)) return true;
  std::set<fs::path> names;
  for (const auto& entry : fs::directory_iterator(claims))
    names.insert(claims / entry.path().stem());
  return std::all_of(names.begin(), names.end(),
                     [](const auto& name) { return Lease::acquire(name) != nullptr; });
}

/// Takes the settings of a folder for those here, if arms are all that these have more, or if
/// nothing was made under them; an Error for any other difference.
void take_over(const Experiment& experiment, const ExperimentOptions& options) {
  const auto& folder = options.folder;
  const auto path = folder / "experiment.json";
  const auto there = base::read_json(path);
  const auto name = there.is_object() ? there.value("experiment", std::string()) : std::string();
  base::require(name == experiment.name,
                "'{}' holds the experiment '{}', not '{}'; choose another "
                "folder (--out)",
                folder.string(), name, experiment.name);
  const auto settings = there.value("settings", json::object());
  if (settings == experiment.settings) return;
  if (is_blank(options)) return base::write_json(path, identity_of(experiment));
  base::require(adds_arms(experiment.settings, settings),
                "'{}' holds the experiment with other settings: {}; choose another folder (--out)",
                folder.string(), base::first_difference(settings, experiment.settings));
  auto now = identity_of(experiment);
  auto earlier = earlier_digests(there);
  earlier.push_back(digest_of(identity_of(name, settings)));
  now["earlier"] = earlier;
  base::write_json(path, now);
}

void open_experiment(const Experiment& experiment, const ExperimentOptions& options) {
  const auto& folder = options.folder;
  base::require(!fs::exists(folder) || fs::is_directory(folder), "'{}' is no folder",
                folder.string());
  base::require_free(folder, {.command = "reproduce", .marks = {"experiment.json"}});
  base::make_folder(folder);
  const auto path = folder / "experiment.json";
  if (fs::exists(path) || !base::write_new_json(path, identity_of(experiment))) {
    take_over(experiment, options);
  }
  base::make_folder(folder / "cells");
  base::sweep_temporaries(folder);
  base::sweep_temporaries(folder / "cells");
}

bool is_of(const Experiment& experiment, const fs::path& folder, const std::string& digest) {
  if (digest == digest_of(identity_of(experiment))) return true;
  const auto file = folder / "experiment.json";
  if (!fs::exists(file)) return false;
  const auto there = base::read_json(file);
  const auto earlier = earlier_digests(there);
  if (std::find(earlier.begin(), earlier.end(), digest) != earlier.end()) return true;
  // Of a later version that added arms while this process works on the folder.
  const auto settings = there.value("settings", json());
  return digest == digest_of(identity_of(experiment.name, settings)) &&
         adds_arms(settings, experiment.settings);
}

/// The object of a finished cell; null where there is none.
json stored(const Experiment& experiment, const fs::path& folder, const std::string& cell) {
  const auto path = path_of(folder, cell);
  if (!fs::exists(path)) return nullptr;
  auto object = base::read_json(path);
  base::require(object.is_object() && is_of(experiment, folder, object.value("identity", "")) &&
                    object.value("cell", "") == cell && object.contains("result") &&
                    object.contains("seconds") && object.at("seconds").is_number(),
                "'{}' was made under other settings, or is damaged", path.string());
  return object;
}

}  // namespace

ExperimentResults load(const Experiment& experiment, const fs::path& folder) {
  ExperimentResults results;
  const auto take = [&](const std::string& cell) {
    auto object = stored(experiment, folder, cell);
    if (object.is_null()) return false;
    results.seconds[cell] = object.at("seconds").get<double>();
    results.cells[cell] = std::move(object.at("result"));
    return true;
  };
  const auto& cells = experiment.cells;
  results.complete = std::count_if(cells.begin(), cells.end(), take) == std::ssize(cells);
  std::for_each(experiment.others.begin(), experiment.others.end(), take);
  return results;
}

ExperimentResults run(const Experiment& experiment, const ExperimentOptions& options) {
  open_experiment(experiment, options);
  const auto work = options.work.empty() ? options.folder / "work" : options.work;
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
                      {"identity", digest_of(identity_of(experiment))},
                      {"seconds", watch.seconds()},
                      {"provenance", train::provenance_here(experiment.device)},
                      {"result", result}});
    if (options.note) {
      const auto done = std::count_if(grid.names.begin(), grid.names.end(), grid.finished);
      options.note(fmt::format("{} of {}: {}, {}", done, grid.names.size(), cell,
                               base::render_seconds(watch.seconds())));
    }
    return true;
  };
  work_through(grid);
  return load(experiment, options.folder);
}

}  // namespace ranklens::study
