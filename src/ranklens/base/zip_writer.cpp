#include <algorithm>

#include "ranklens/base/error.h"
#include "ranklens/base/little_endian.h"
#include "ranklens/base/zip.h"

namespace ranklens::base {
namespace {

constexpr std::uint64_t kZip32Limit = 0xffffffffU;

// The fields of a zip record, in order, little-endian.
class ZipRecord {
 public:
  explicit ZipRecord(std::string_view signature) : bytes_(signature) {}
  ZipRecord& u16(std::uint64_t value) { return number(value, 2); }
  ZipRecord& u32(std::uint64_t value) { return number(value, 4); }
  ZipRecord& u64(std::uint64_t value) { return number(value, 8); }
  ZipRecord& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  ZipRecord& number(std::uint64_t value, int count) {
    append_number(bytes_, value, count);
    return *this;
  }
  std::string bytes_;
};

std::uint64_t clipped(std::uint64_t value) { return std::min(value, kZip32Limit); }

// The part that local header and directory entry share: version, UTF-8 flag, stored, 1 January
// 1980.
void common_fields(ZipRecord& record, const ZipEntry& entry) {
  record.u16(45).u16(1U << 11U).u16(0).u16(0).u16(0x21).u32(entry.crc);
  record.u32(clipped(entry.packed)).u32(clipped(entry.size)).u16(entry.name.size());
}

}  // namespace

ZipWriter::ZipWriter(const std::filesystem::path& path, std::uint64_t alignment)
    : file_(path), alignment_(alignment) {}

void ZipWriter::add(std::string_view name, std::string_view content) {
  require(name.size() < 65536, "the name of a zip entry has at most 65535 bytes, not {}",
          name.size());
  const ZipEntry entry{std::string(name), content.size(), content.size(),
                       crc32_of(content), false,          file_.size()};
  ZipRecord extra("");
  if (entry.size >= kZip32Limit) extra.u16(1).u16(16).u64(entry.size).u64(entry.packed);
  // An extra field of a private kind fills the place up to the alignment, as PyTorch does.
  const auto before = file_.size() + 30 + name.size() + extra.bytes().size() + 4;
  const auto padding = (alignment_ - before % alignment_) % alignment_;
  extra.text("FB").u16(padding).text(std::string(padding, 'Z'));
  ZipRecord header("PK\3\4");
  common_fields(header, entry);
  header.u16(extra.bytes().size()).text(name).text(extra.bytes());
  file_.write(header.bytes());
  file_.write(content);
  entries_.push_back(entry);
}

void ZipWriter::commit() {
  const auto begin = file_.size();
  for (const auto& entry : entries_) {
    ZipRecord extra("");
    ZipRecord wide("");
    if (entry.size >= kZip32Limit) wide.u64(entry.size).u64(entry.packed);
    if (entry.header_offset >= kZip32Limit) wide.u64(entry.header_offset);
    if (!wide.bytes().empty()) extra.u16(1).u16(wide.bytes().size()).text(wide.bytes());
    ZipRecord record("PK\1\2");
    record.u16(45);
    common_fields(record, entry);
    record.u16(extra.bytes().size()).u16(0).u16(0).u16(0).u32(0);
    record.u32(clipped(entry.header_offset)).text(entry.name).text(extra.bytes());
    file_.write(record.bytes());
  }
  const auto end = file_.size();
  ZipRecord last("");
  last.text("PK\6\6").u64(44).u16(45).u16(45).u32(0).u32(0);
  last.u64(entries_.size()).u64(entries_.size()).u64(end - begin).u64(begin);
  last.text("PK\6\7").u32(0).u64(end).u32(1);
  const auto count = std::min<std::uint64_t>(entries_.size(), 0xffffU);
  last.text("PK\5\6").u16(0).u16(0).u16(count).u16(count);
  last.u32(clipped(end - begin)).u32(clipped(begin)).u16(0);
  file_.write(last.bytes());
  file_.commit();
}

}  // namespace ranklens::base
