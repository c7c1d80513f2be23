#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/base/files.h"

namespace ranklens::base {

/// A file inside a zip archive.
struct ZipEntry {
  std::string name;
  std::uint64_t size = 0;    // unpacked
  std::uint64_t packed = 0;  // in the archive
  std::uint32_t crc = 0;
  bool deflated = false;
  std::uint64_t header_offset = 0;
};

/// A zip archive for reading (PKWARE APPNOTE 6.3: stored and deflated entries, Zip64). The
/// directory is checked when it is opened: places inside the file, names given once, nothing
/// encrypted; contents are checked against their CRC-32 when they are read.
class ZipReader {
 public:
  explicit ZipReader(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const std::map<std::string, ZipEntry, std::less<>>& entries() const { return entries_; }
  /// The entry of that name, or nullptr.
  const ZipEntry* find(std::string_view name) const;
  /// The content of an entry; Error if it is larger than `most` bytes, damaged or cut off.
  std::string read(const ZipEntry& entry, std::uint64_t most) const;
  /// The same, of exactly entry.size bytes, straight to memory that the caller took.
  void read_into(const ZipEntry& entry, void* to) const;

 private:
  void read_directory();
  ZipEntry read_directory_entry(std::string_view& rest) const;
  std::uint64_t content_offset(const ZipEntry& entry) const;

  InputFile file_;
  std::map<std::string, ZipEntry, std::less<>> entries_;
};

/// Writes a zip archive of stored entries, each content at a multiple of `alignment` bytes; same
/// content, same bytes.
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path, std::uint64_t alignment = 64);

  void add(std::string_view name, std::string_view content);
  /// Writes the directory and puts the file in its place.
  void commit();

 private:
  AtomicFile file_;
  std::uint64_t alignment_;
  std::vector<ZipEntry> entries_;
};

/// CRC-32 of bytes (ISO 3309, as zip and PNG use it).
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace ranklens::base
