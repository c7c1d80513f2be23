#include "ranklens/study/folder.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/free_folder.h"
#include "ranklens/base/json.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/base/sha256.h"
#include "ranklens/study/arms.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

fs::path pictures_path(const fs::path& folder, const std::string& arm, std::uint64_t seed) {
  return folder / "cells" / (cell_name(arm, seed) + ".maps.safetensors");
}

/// A method's maps from their levels, lowest and highest values.
at::Tensor unpacked(const base::Safetensors& file, const std::string& method) {
  const auto& levels = file.tensors.at("map/" + method);
  const auto found = [&](const char* end) {
    const auto tensor = file.tensors.find(end + method);
    base::require(tensor != file.tensors.end() && tensor->second.dim() == 1 && levels.dim() == 3 &&
                      tensor->second.size(0) == levels.size(0),
                  "the maps of '{}' in a run folder have no '{}{}'", method, end, method);
    return tensor->second.view({-1, 1, 1});
  };
  const auto low = found("low/"), high = found("high/");
  return low + (high - low) * levels.to(at::kFloat) / 255;
}

/// An identity with the keys that are left out at their first value (config.cpp) put in.
nlohmann::json with_all_keys(nlohmann::json identity) {
  if (!identity.is_object()) return identity;
  const nlohmann::json first{{"dropout", 1},
                             {"size", 0},
                             {"low_memory", false},
                             {"clip_norm", 0},
                             {"crop", 0},
                             {"flip", false},
                             {"rates", nlohmann::json::array()},
                             {"rate_seeds", 1}};
  for (const auto& [key, value] : first.items())
    if (!identity.contains(key)) identity[key] = value;
  return identity;
}

/// Arms, seeds and the title of a folder grow; everything else must agree.
void require_same(const nlohmann::json& there, const nlohmann::json& here, const fs::path& folder) {
  const auto difference = base::first_difference(with_all_keys(there), with_all_keys(here));
  base::require(difference.empty(),
                "'{}' holds a study of another configuration: {}; choose another folder (--out)",
                folder.string(), difference);
}

/// An Error if the cell is none of this configuration's. study.json agrees with it, so it is the
/// arm's recipe that differs, where cells say what that was.
void require_own(const Config& config, const Cell& cell, const std::string& name,
                 const fs::path& path) {
  if (cell.identity == identity_digest(config, name)) return;
  const auto own = arm(config, name);
  const auto now = own.recipe ? recipe_text(own) : own.network;
  base::require(cell.recipe.empty() || cell.recipe == now,
                "'{}': arm '{}' was trained by '{}', and now it is '{}': give the recipe another "
                "name",
                path.string(), name, cell.recipe, now);
  base::fail("'{}' was made under another configuration", path.string());
}

}  // namespace

std::string identity_digest(const Config& config, const std::string& arm) {
  return base::sha256(identity(config, arm).dump()).substr(0, 16);
}

void check_folder(const Config& config, const fs::path& folder) {
  base::require(!fs::exists(folder) || fs::is_directory(folder), "'{}' is no folder",
                folder.string());
  const auto path = folder / "study.json", cells = folder / "cells";
  base::require(fs::exists(path) || !fs::exists(cells) || fs::is_empty(cells),
                "'{}' holds cells of a study but not its study.json", folder.string());
  base::require_free(folder, {.command = "study", .alike = {"reproduce"}, .marks = {"study.json"}});
  if (fs::exists(path)) require_same(base::read_json(path), identity(config), folder);
}

void open_folder(const Config& config, const fs::path& folder) {
  check_folder(config, folder);
  // study.json comes first: another process that looks in between sees whose folder this is.
  base::make_folder(folder);
  const auto path = folder / "study.json";
  if (fs::exists(path) || !base::write_new_json(path, identity(config)))
    require_same(base::read_json(path), identity(config),
                 folder);  // another may have begun just now
  base::make_folder(folder / "cells");
  base::sweep_temporaries(folder);
  base::sweep_temporaries(folder / "cells");
}

std::optional<Cell> find_cell(const Config& config, const fs::path& folder, const std::string& arm,
                              std::uint64_t seed) {
  const auto path = cell_path(folder, arm, seed);
  if (!fs::exists(path)) return std::nullopt;
  auto cell = read_cell(base::read_json(path), "'" + path.string() + "'");
  require_own(config, cell, arm, path);
  base::require(cell.arm == arm && cell.seed == seed, "'{}' was made under another configuration",
                path.string());
  return cell;
}

void write_cell(const fs::path& folder, const Cell& cell) {
  base::write_json(cell_path(folder, cell.arm, cell.seed), to_json(cell));
}

void write_pictures(const fs::path& folder, const Cell& cell, const Pictures& pictures) {
  base::Safetensors file;
  for (const auto& [method, maps] : pictures.maps) {
    const auto low = maps.amin({1, 2}), high = maps.amax({1, 2});
    const auto range = (high - low).clamp_min(std::numeric_limits<float>::min()).view({-1, 1, 1});
    const auto levels = (maps - low.view({-1, 1, 1})) / range * 255;
    file.tensors["map/" + method] = levels.round().to(at::kByte).contiguous();
    file.tensors["low/" + method] = low.to(at::kFloat).contiguous();
    file.tensors["high/" + method] = high.to(at::kFloat).contiguous();
  }
  for (const auto& [method, values] : pictures.values) {
    for (const auto& [metric, value] : values) {
      file.tensors[fmt::format("value/{}/{}", method, metric)] = value.to(at::kFloat).contiguous();
    }
  }
  if (pictures.predicted.defined()) {
    file.tensors["predicted/class"] = pictures.predicted.to(at::kLong).contiguous();
    file.tensors["predicted/probability"] = pictures.probability.to(at::kFloat).contiguous();
  }
  base::write_safetensors(pictures_path(folder, cell.arm, cell.seed), file);
}

bool has_pictures(const fs::path& folder, const std::string& arm, std::uint64_t seed) {
  return fs::exists(pictures_path(folder, arm, seed));
}

std::optional<Pictures> find_pictures(const fs::path& folder, const std::string& arm,
                                      std::uint64_t seed) {
  const auto path = pictures_path(folder, arm, seed);
  if (!fs::exists(path)) return std::nullopt;
  Pictures pictures{.seed = seed};
  const auto file = base::read_safetensors(path);
  for (const auto& [name, tensor] : file.tensors) {
    const auto first = name.find('/'), last = name.rfind('/');
    if (name.starts_with("map/")) pictures.maps[name.substr(4)] = unpacked(file, name.substr(4));
    if (name.starts_with("value/") && last > first) {
      pictures.values[name.substr(6, last - 6)][name.substr(last + 1)] = tensor;
    }
  }
  const auto predicted = file.tensors.find("predicted/class"),
             probability = file.tensors.find("predicted/probability");
  if (predicted != file.tensors.end() && probability != file.tensors.end()) {
    pictures.predicted = predicted->second;
    pictures.probability = probability->second;
  }
  return pictures;
}

void write_speeds(const fs::path& folder, const std::map<std::string, Speed>& all) {
  auto object = nlohmann::json::object();
  for (const auto& [arm, value] : all)
    object[arm] = {{"forward", value.forward}, {"training", value.training}, {"run", value.run}};
  base::write_json(folder / "throughput.json", object);
}

std::map<std::string, Speed> find_speeds(const fs::path& folder) {
  std::map<std::string, Speed> all;
  const auto path = folder / "throughput.json";
  if (!fs::exists(path)) return all;
  try {
    const auto object = base::read_json(path);
    for (const auto& [arm, value] : object.items()) {
      all[arm] = {.forward = value.at("forward"),
                  .training = value.at("training"),
                  .run = value.value("run", std::string())};
    }
  } catch (const nlohmann::json::exception&) {
    base::fail("'{}' is not a table of throughputs", path.string());
  }
  return all;
}

}  // namespace ranklens::study
