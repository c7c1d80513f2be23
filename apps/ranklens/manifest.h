#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common.h"

namespace ranklens::app {

/// How the files of a folder were made.
struct Manifest {
  std::string command = {};
  Json configuration = Json::object();
  /// What base::require_free() compares before the folder is written to again; empty where the
  /// command tells its runs apart by other files.
  Json identity = Json::object();
  std::string data_hash = {};
  double wall_seconds = 0;
  Json more = Json::object();  ///< what only this command has to say
  /// Names of the folder's files, which are there already.
  std::vector<std::string> files = {};
};

/// The manifest as JSON: with the versions, the machine, seed, threads, dtype, device, and for each
/// file its size and SHA-256.
Json to_json(const Manifest& manifest, const Common& common, const std::filesystem::path& folder);

/// Writes FOLDER/manifest.json. It comes last: a folder with a manifest is complete.
void write_manifest(const std::filesystem::path& folder, const Common& common,
                    const Manifest& manifest);

}  // namespace ranklens::app
