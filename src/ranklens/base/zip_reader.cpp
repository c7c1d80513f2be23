#include <algorithm>
#include <limits>

#include <zlib.h>

#include "ranklens/base/error.h"
#include "ranklens/base/gzip.h"
#include "ranklens/base/little_endian.h"
#include "ranklens/base/zip.h"

namespace ranklens::base {
namespace {

constexpr std::uint64_t kEndBytes = 22;
constexpr std::uint64_t kEntryBytes = 46;
constexpr std::uint64_t kLocalBytes = 30;
constexpr std::uint32_t kSeeZip64 = 0xffffffffU;

struct ZipDirectory {
  std::uint64_t entries = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

// The end record carries a comment of up to 64 KiB: search backwards for the one that fits.
std::uint64_t find_end(const InputFile& file, std::string& end) {
  const auto file_name = file.path().string();
  require(file.size() >= kEndBytes, "'{}' is no zip archive: it has only {} bytes", file_name,
          file.size());
  const auto tail_size = std::min<std::uint64_t>(file.size(), kEndBytes + 65535);
  const auto tail = file.read(file.size() - tail_size, tail_size);
  for (std::size_t at = tail.size() - kEndBytes + 1; at-- > 0;) {
    const std::string_view here(tail.data() + at, tail.size() - at);
    if (here.starts_with("PK\5\6") &&
        number_at<std::uint16_t>(here, 20) + kEndBytes == here.size()) {
      end = here.substr(0, kEndBytes);
      return file.size() - here.size();
    }
  }
  fail("'{}' is no zip archive or is cut off: it has no directory at its end", file_name);
}

ZipDirectory find_directory(const InputFile& file) {
  std::string end;
  const auto end_offset = find_end(file, end);
  ZipDirectory directory{number_at<std::uint16_t>(end, 10), number_at<std::uint32_t>(end, 12),
                         number_at<std::uint32_t>(end, 16)};
  if (end_offset >= 20) {
    const auto locator = file.read(end_offset - 20, 20);
    if (locator.starts_with("PK\6\7")) {
      const auto wide = file.read(number_at<std::uint64_t>(locator, 8), 56);
      require(wide.starts_with("PK\6\6"), "'{}' is a damaged zip archive: bad Zip64 directory",
              file.path().string());
      directory = {number_at<std::uint64_t>(wide, 32), number_at<std::uint64_t>(wide, 40),
                   number_at<std::uint64_t>(wide, 48)};
    }
  }
  require(directory.offset <= end_offset && directory.size <= end_offset - directory.offset &&
              directory.entries <= directory.size / kEntryBytes,
          "'{}' is a damaged zip archive: its directory lies outside the file",
          file.path().string());
  return directory;
}

// Replaces the fields that say "see Zip64" by those of the extra field with id 1.
void read_zip64_extra(std::string_view extra, ZipEntry& entry, const std::string& file) {
  while (extra.size() >= 4) {
    const auto id = number_at<std::uint16_t>(extra, 0);
    const auto size = number_at<std::uint16_t>(extra, 2);
    if (extra.size() - 4 < size) return;
    auto body = extra.substr(4, size);
    extra.remove_prefix(4 + std::size_t{size});
    if (id != 1) continue;
    for (auto* field : {&entry.size, &entry.packed, &entry.header_offset}) {
      if (*field != kSeeZip64) continue;
      require(body.size() >= 8, "'{}' is a damaged zip archive: short Zip64 field", file);
      *field = number_at<std::uint64_t>(body, 0);
      body.remove_prefix(8);
    }
  }
}

}  // namespace

std::uint32_t crc32_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

ZipReader::ZipReader(const std::filesystem::path& path) : file_(path) { read_directory(); }

void ZipReader::read_directory() {
  const auto directory = find_directory(file_);
  const auto bytes = file_.read(directory.offset, directory.size);
  std::string_view rest = bytes;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    auto entry = read_directory_entry(rest);
    // Entries that share bytes would let a small file claim any amount of memory.
    require(entry.packed <= file_.size() - total,
            "'{}' is a damaged zip archive: overlapping entries", file_.path().string());
    total += entry.packed;
    const auto name = entry.name;
    require(entries_.emplace(name, std::move(entry)).second,
            "'{}' is a damaged zip archive: two entries are called '{}'", file_.path().string(),
            name);
  }
}

ZipEntry ZipReader::read_directory_entry(std::string_view& rest) const {
  const auto file = file_.path().string();
  require(rest.size() >= kEntryBytes && rest.starts_with("PK\1\2"),
          "'{}' is a damaged zip archive: bad directory entry", file);
  const std::size_t name = number_at<std::uint16_t>(rest, 28);
  const std::size_t extra = number_at<std::uint16_t>(rest, 30);
  const std::size_t comment = number_at<std::uint16_t>(rest, 32);
  require(rest.size() - kEntryBytes >= name + extra + comment,
          "'{}' is a damaged zip archive: bad directory entry", file);
  const auto method = number_at<std::uint16_t>(rest, 10);
  ZipEntry entry{std::string(rest.substr(kEntryBytes, name)),
                 number_at<std::uint32_t>(rest, 24),
                 number_at<std::uint32_t>(rest, 20),
                 number_at<std::uint32_t>(rest, 16),
                 method == 8,
                 number_at<std::uint32_t>(rest, 42)};
  require((number_at<std::uint16_t>(rest, 8) & 1U) == 0, "'{}' holds the encrypted entry '{}'",
          file, entry.name);
  require(method == 0 || method == 8,
          "'{}': the entry '{}' is packed by method {}; 0 and 8 are known", file, entry.name,
          method);
  read_zip64_extra(rest.substr(kEntryBytes + name, extra), entry, file);
  require(method == 8 || entry.size == entry.packed,
          "'{}' is a damaged zip archive: the stored entry '{}' has two sizes", file, entry.name);
  rest.remove_prefix(kEntryBytes + name + extra + comment);
  return entry;
}

const ZipEntry* ZipReader::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

std::uint64_t ZipReader::content_offset(const ZipEntry& entry) const {
  const auto local = file_.read(entry.header_offset, kLocalBytes);
  require(local.starts_with("PK\3\4"), "'{}' is a damaged zip archive: '{}' has no header",
          path().string(), entry.name);
  return entry.header_offset + kLocalBytes + number_at<std::uint16_t>(local, 26) +
         number_at<std::uint16_t>(local, 28);
}

void ZipReader::read_into(const ZipEntry& entry, void* to) const {
  const auto what = fmt::format("'{}', entry '{}',", path().string(), entry.name);
  if (entry.deflated) {
    const auto bytes =
        inflate_raw(file_.read(content_offset(entry), entry.packed), entry.size, what);
    std::copy(bytes.begin(), bytes.end(), static_cast<char*>(to));
  } else {
    file_.read(content_offset(entry), to, entry.size);
  }
  require(crc32_of({static_cast<const char*>(to), entry.size}) == entry.crc,
          "{} is damaged: its check sum is wrong", what);
}

std::string ZipReader::read(const ZipEntry& entry, std::uint64_t most) const {
  require(entry.size <= most, "'{}': the entry '{}' has {} bytes, more than {}", path().string(),
          entry.name, entry.size, most);
  const auto what = fmt::format("'{}', entry '{}',", path().string(), entry.name);
  auto bytes = file_.read(content_offset(entry), entry.packed);
  if (entry.deflated) bytes = inflate_raw(bytes, entry.size, what);
  require(crc32_of(bytes) == entry.crc, "{} is damaged: its check sum is wrong", what);
  return bytes;
}

}  // namespace ranklens::base
