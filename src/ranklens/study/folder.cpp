#include "ranklens/study/folder.h"

#include <ATen/TensorOperators.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/json.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/base/sha256.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

fs::path pictures_path(const fs::path& folder, const std::string& arm, std::uint64_t seed) {
  return folder / "cells" / (cell_name(arm, seed) + ".maps.safetensors");
}

/// Arms, seeds and the title of a folder grow; everything else must agree.
void require_same(const nlohmann::json& there, const nlohmann::json& here, const fs::path& folder) {
  for (const auto& [key, value] : here.items()) {
    base::require(there.contains(key) && there.at(key) == value,
                  "'{}' holds a study of another configuration: {} is {} there and {} here",
                  folder.string(), key, there.contains(key) ? there.at(key).dump() : "missing",
                  value.dump());
  }
}

}  // namespace

std::string identity_digest(const Config& config) {
  return base::sha256(identity(config).dump()).substr(0, 16);
}

void check_folder(const Config& config, const fs::path& folder) {
  base::require(!fs::exists(folder) || fs::is_directory(folder), "'{}' is no folder",
                folder.string());
  const auto path = folder / "study.json", cells = folder / "cells";
  if (fs::exists(path)) {
    require_same(base::read_json(path), identity(config), folder);
  } else {
    base::require(!fs::exists(cells) || fs::is_empty(cells),
                  "'{}' holds cells of a study but not its study.json", folder.string());
  }
}

void open_folder(const Config& config, const fs::path& folder) {
  check_folder(config, folder);
  std::error_code error;
  fs::create_directories(folder / "cells", error);
  base::require(!error, "the folder '{}' cannot be made: {}", folder.string(), error.message());
  if (const auto path = folder / "study.json"; !fs::exists(path))
    base::write_json(path, identity(config));
}

std::optional<Cell> find_cell(const Config& config, const fs::path& folder, const std::string& arm,
                              std::uint64_t seed) {
  const auto path = cell_path(folder, arm, seed);
  if (!fs::exists(path)) return std::nullopt;
  auto cell = read_cell(base::read_json(path), "'" + path.string() + "'");
  base::require(cell.arm == arm && cell.seed == seed && cell.identity == identity_digest(config),
                "'{}' was made under another configuration", path.string());
  return cell;
}

void write_cell(const fs::path& folder, const Cell& cell) {
  base::write_json(cell_path(folder, cell.arm, cell.seed), to_json(cell));
}

void write_pictures(const fs::path& folder, const Cell& cell, const Pictures& pictures) {
  base::Safetensors file;
  for (const auto& [method, maps] : pictures.maps) {
    file.tensors["map/" + method] = (maps.clamp(0, 1) * 255).round().to(at::kByte).contiguous();
  }
  for (const auto& [method, values] : pictures.values) {
    for (const auto& [metric, value] : values) {
      file.tensors["value/" + method + "/" + metric] = value.to(at::kFloat).contiguous();
    }
  }
  base::write_safetensors(pictures_path(folder, cell.arm, cell.seed), file);
}

std::optional<Pictures> find_pictures(const fs::path& folder, const std::string& arm,
                                      std::uint64_t seed) {
  const auto path = pictures_path(folder, arm, seed);
  if (!fs::exists(path)) return std::nullopt;
  Pictures pictures;
  for (const auto& [name, tensor] : base::read_safetensors(path).tensors) {
    const auto first = name.find('/'), last = name.rfind('/');
    if (name.starts_with("map/")) pictures.maps[name.substr(4)] = tensor.to(at::kFloat) / 255;
    if (name.starts_with("value/") && last > first) {
      pictures.values[name.substr(6, last - 6)][name.substr(last + 1)] = tensor;
    }
  }
  return pictures;
}

void write_throughput(const fs::path& folder, const std::map<std::string, train::Throughput>& all) {
  auto object = nlohmann::json::object();
  for (const auto& [arm, value] : all)
    object[arm] = {{"forward", value.forward}, {"training", value.training}};
  base::write_json(folder / "throughput.json", object);
}

std::map<std::string, train::Throughput> find_throughput(const fs::path& folder) {
  std::map<std::string, train::Throughput> all;
  const auto path = folder / "throughput.json";
  if (!fs::exists(path)) return all;
  try {
    const auto object = base::read_json(path);
    for (const auto& [arm, value] : object.items()) {
      all[arm] = {.forward = value.at("forward"), .training = value.at("training")};
    }
  } catch (const nlohmann::json::exception&) {
    base::fail("'{}' is not a table of throughputs", path.string());
  }
  return all;
}

}  // namespace ranklens::study
