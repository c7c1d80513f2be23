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

using nlohmann::json;

/// Of settings, what belongs to one arm each, by the arm's name.
constexpr const char* kByArm[] = {"arms", "sweeps"};
/// Of settings, lists whose entries have a cell each and are arms in this.
constexpr const char* kListed[] = {"ranks"};

/// What earlier versions did not tell of their recipes ("arms") and data: where a folder lacks it,
/// it is taken to be what it is now.
constexpr const char* kUntold[] = {"clip_value", "label_smoothing", "accumulate", "rate",
                                   "best_by",    "best_from",       "compute",    "test data"};

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

/// Whether a list has all that another one has.
bool has_all_of(const json& now, const json& before) {
  if (!now.is_array() || !before.is_array()) return false;
  return std::all_of(before.begin(), before.end(), [&](const json& one) {
    return std::find(now.begin(), now.end(), one) != now.end();
  });
}

/// Gives an object what it did not tell.
void tell_rest(const json& now, json& before) {
  if (!now.is_object() || !before.is_object()) return;
  for (const char* key : kUntold) {
    if (now.contains(key) && !before.contains(key)) before[key] = now.at(key);
  }
}

/// The same for the phases of a recipe.
void tell_phases(const json& now, json& before) {
  if (!now.is_array() || !before.is_array() || now.size() != before.size()) return;
  for (std::size_t k = 0; k < now.size(); ++k) tell_rest(now[k], before[k]);
}

/// Settings of before with what they may lack taken from those of now: arms, and what they did not
/// tell.
json completed(json before, const json& now) {
  if (!now.is_object() || !before.is_object()) return before;
  for (const char* key : kByArm) {
    if (!now.value(key, json()).is_object() || !before.value(key, json()).is_object()) continue;
    for (const auto& [arm, how] : now.at(key).items()) {
      if (!before.at(key).contains(arm)) before.at(key)[arm] = how;
      tell_phases(how, before.at(key).at(arm));
    }
  }
  tell_rest(now, before);
  for (const char* key : kListed) {
    if (has_all_of(now.value(key, json()), before.value(key, json()))) before[key] = now.at(key);
  }
  return before;
}

/// Whether settings are those of before with arms added to them.
bool adds_arms(const json& now, const json& before) { return completed(before, now) == now; }

/// Digests under which cells of the folder may have been made: those of its settings before arms
/// were added to them.
std::vector<std::string> earlier_digests(const json& there) {
  return there.value("earlier", std::vector<std::string>());
}

/// Takes the settings of a folder for those here, if arms are all that these have more; an Error
/// for any other difference.
void take_over(const Experiment& experiment, const fs::path& folder) {
  const auto path = folder / "experiment.json";
  const auto there = base::read_json(path);
  const auto name = there.is_object() ? there.value("experiment", std::string()) : std::string();
  base::require(name == experiment.name,
                "'{}' holds the experiment '{}', not '{}'; choose another "
                "folder (--out)",
                folder.string(), name, experiment.name);
  const auto settings = there.value("settings", json::object());
  if (settings == experiment.settings) return;
  const auto before = completed(settings, experiment.settings);
  base::require(before == experiment.settings,
                "'{}' holds the experiment with other settings: {}; choose another folder (--out)",
                folder.string(), base::first_difference(before, experiment.settings));
  auto now = identity_of(experiment);
  auto earlier = earlier_digests(there);
  earlier.push_back(digest_of(identity_of(name, settings)));
  now["earlier"] = earlier;
  base::write_json(path, now);
}

void check_place(const fs::path& folder) {
  base::require(!fs::exists(folder) || fs::is_directory(folder), "'{}' is no folder",
                folder.string());
  base::require_free(folder, {.command = "reproduce", .marks = {"experiment.json"}});
}

void open_experiment(const Experiment& experiment, const fs::path& folder) {
  check_place(folder);
  base::make_folder(folder);
  const auto path = folder / "experiment.json";
  if (fs::exists(path) || !base::write_new_json(path, identity_of(experiment))) {
    take_over(experiment, folder);
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

/// Cells of earlier versions tell the seconds of the process that ended them; their phases those of
/// all.
double seconds_of(const json& object) {
  const auto& result = object.at("result");
  double phases = 0;
  if (result.is_object() && result.contains("phases")) {
    for (const auto& phase : result.at("phases")) phases += phase.value("seconds", 0.0);
  }
  return std::max(object.at("seconds").get<double>(), phases);
}

}  // namespace

std::int64_t made_of(const Experiment& experiment, const ExperimentResults& results) {
  return std::count_if(experiment.cells.begin(), experiment.cells.end(),
                       [&](const auto& cell) { return results.cells.contains(cell); });
}

ExperimentResults load(const Experiment& experiment, const fs::path& folder) {
  ExperimentResults results;
  const auto take = [&](const std::string& cell) {
    auto object = stored(experiment, folder, cell);
    if (object.is_null()) return false;
    results.seconds[cell] = seconds_of(object);
    results.cells[cell] = std::move(object.at("result"));
    return true;
  };
  const auto& cells = experiment.cells;
  results.complete = std::count_if(cells.begin(), cells.end(), take) == std::ssize(cells);
  for (const auto& cell : experiment.others) {
    // What was not asked for stops nothing that was.
    try {
      take(cell);
    } catch (const base::SystemError&) {
      throw;
    } catch (const base::Error& error) {
      results.left_out.push_back(error.what());
    }
  }
  return results;
}

ExperimentResults run(const Experiment& experiment, const ExperimentOptions& options) {
  check_place(options.folder);
  if (experiment.check && !fs::exists(options.folder / "experiment.json")) experiment.check();
  open_experiment(experiment, options.folder);
  const auto work = options.work.empty() ? options.folder / "work" : options.work;
  std::int64_t done = made_of(experiment, load(experiment, options.folder));
  GridWork grid{
      .names = experiment.cells, .claims = options.folder / "claims", .note = options.note};
  grid.finished = [&](const std::string& cell) {
    return !stored(experiment, options.folder, cell).is_null();
  };
  grid.make = [&](const std::string& cell, const Lease& lease) {
    const base::Stopwatch watch;
    Experiment::Earlier earlier;
    const auto result = experiment.make({.cell = cell,
                                         .folder = work / cell,
                                         .progress = options.progress,
                                         .note = options.note,
                                         .earlier = &earlier});
    if (result.is_null() || !lease.held()) return false;
    train::add(earlier.provenance, train::provenance_here(experiment.device));
    base::write_json(path_of(options.folder, cell),
                     {{"experiment", experiment.name},
                      {"cell", cell},
                      {"identity", digest_of(identity_of(experiment))},
                      {"seconds", earlier.seconds + watch.seconds()},
                      {"provenance", earlier.provenance},
                      {"result", result}});
    ++done;
    if (options.note) {
      options.note(fmt::format("{} of {}: {}, {}", done, grid.names.size(), cell,
                               base::render_seconds(watch.seconds())));
    }
    return true;
  };
  work_through(grid);
  auto results = load(experiment, options.folder);
  for (const auto& reason : results.left_out)
    if (options.note) options.note(reason + "; left out, as it was not asked for");
  return results;
}

}  // namespace ranklens::study
