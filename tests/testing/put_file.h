#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>

namespace ranklens::testing {

/// Writes a file for a test, without waiting for the disk (which some file systems do when a file
/// is written over).
inline void put_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace ranklens::testing
