#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "ranklens/study/cell.h"
#include "ranklens/study/config.h"
#include "ranklens/study/run.h"

namespace ranklens::study {

/// 16 hex digits of identity(config, arm).
std::string identity_digest(const Config& config, const std::string& arm);

/// An Error, naming the first difference, if the folder holds a study of another configuration, or
/// if it holds anything else (base::require_free). Nothing is written.
void check_folder(const Config& config, const std::filesystem::path& folder);
/// check_folder; then writes FOLDER/study.json where there is none.
void open_folder(const Config& config, const std::filesystem::path& folder);

/// The cell's result if the folder has it; an Error if it was made under another configuration.
std::optional<Cell> find_cell(const Config& config, const std::filesystem::path& folder,
                              const std::string& arm, std::uint64_t seed);
void write_cell(const std::filesystem::path& folder, const Cell& cell);

/// FOLDER/cells/ARM-sSEED.maps.safetensors: maps in 8 bits.
void write_pictures(const std::filesystem::path& folder, const Cell& cell,
                    const Pictures& pictures);
std::optional<Pictures> find_pictures(const std::filesystem::path& folder, const std::string& arm,
                                      std::uint64_t seed);
bool has_pictures(const std::filesystem::path& folder, const std::string& arm, std::uint64_t seed);

/// FOLDER/throughput.json, by arm.
void write_speeds(const std::filesystem::path& folder, const std::map<std::string, Speed>& all);
std::map<std::string, Speed> find_speeds(const std::filesystem::path& folder);

}  // namespace ranklens::study
