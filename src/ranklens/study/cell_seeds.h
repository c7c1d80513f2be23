#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ranklens::study {

/// The seeds of the finished cells FOLDER/cells/ARM-sSEED.json, ascending; of all arms where none
/// is named, and none where there is no such folder.
std::vector<std::uint64_t> cell_seeds(const std::filesystem::path& folder,
                                      const std::string& arm = {});

}  // namespace ranklens::study
