#include "ranklens/base/gzip.h"

#include <algorithm>

#include <zlib.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"

namespace ranklens::base {
namespace {

// zlib's inflater over a piece of memory; it hands the input over in pieces that fit zlib's 32
// bits.
class Inflater {
 public:
  Inflater(std::string_view packed, int window_bits) : left_(packed) {
    if (::inflateInit2(&stream_, window_bits) != Z_OK) throw SystemError("out of memory");
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Fills `out` as far as the stream goes and returns the number of bytes.
  std::size_t read(char* out, std::size_t size) {
    const std::size_t most = std::min<std::size_t>(size, 1U << 30U);
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(most);
    while (stream_.avail_out > 0 && status_ == Z_OK) {
      refill();
      status_ = ::inflate(&stream_, Z_NO_FLUSH);
    }
    return most - stream_.avail_out;
  }
  // Goes on with the next gzip member, if one follows.
  void next_member() {
    ::inflateReset(&stream_);
    status_ = Z_OK;
  }
  bool at_end() const { return status_ == Z_STREAM_END; }
  bool cut_off() const { return status_ == Z_BUF_ERROR; }
  std::string_view rest() const {
    const auto taken = left_.data() - stream_.avail_in;
    return {taken, left_.size() + stream_.avail_in};
  }

 private:
  void refill() {
    if (stream_.avail_in > 0) return;
    const std::size_t piece = std::min<std::size_t>(left_.size(), 1U << 30U);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(left_.data()));
    stream_.avail_in = static_cast<uInt>(piece);
    left_.remove_prefix(piece);
  }

  std::string_view left_;
  z_stream stream_{};
  int status_ = Z_OK;
};

void check_stream(const Inflater& inflater, std::string_view what) {
  require(!inflater.cut_off(), "{} is cut off: its compressed data end early", what);
  fail("{} is damaged: its compressed data cannot be unpacked", what);
}

constexpr int kGzipOnly = 15 + 16;  // zlib's window bits

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

/// Nothing for more than `most` bytes.
std::optional<std::string> gunzip(std::string_view packed, std::size_t most,
                                  const std::string& file) {
  const auto what = fmt::format("'{}'", file);
  Inflater inflater(packed, kGzipOnly);
  std::string bytes;
  while (true) {
    // Grown as the data come: a small file cannot claim much memory before it delivers.
    const std::size_t before = bytes.size();
    const auto more = std::clamp<std::size_t>(before, 1U << 16U, 1U << 26U);
    bytes.resize(before + std::min(more, most + 1 - before));
    bytes.resize(before + inflater.read(bytes.data() + before, bytes.size() - before));
    if (bytes.size() > most) return std::nullopt;
    if (inflater.at_end()) {
      const auto rest = inflater.rest();
      if (rest.find_first_not_of('\0') == std::string_view::npos) return bytes;  // padding of tapes
      require(is_gzip(rest), "'{}' holds {} bytes after its compressed data", file, rest.size());
      inflater.next_member();
    } else if (bytes.size() == before) {
      check_stream(inflater, what);
    }
  }
}

}  // namespace

std::string read_gz_start(const std::filesystem::path& path, std::size_t count) {
  const InputFile file(path);
  // Deflate adds at most a few bytes to a block, and the header of gzip may hold a name.
  const auto packed = file.read(0, std::min<std::uint64_t>(file.size(), (1U << 16U) + 2 * count));
  if (!is_gzip(packed)) return packed.substr(0, count);
  Inflater inflater(packed, kGzipOnly);
  std::string bytes(count, '\0');
  bytes.resize(inflater.read(bytes.data(), count));
  if (bytes.size() < count && !inflater.at_end())
    check_stream(inflater, fmt::format("'{}'", path.string()));
  return bytes;
}

std::optional<std::string> read_gz_within(const std::filesystem::path& path, std::size_t most) {
  if (const InputFile file(path); file.size() > most && !is_gzip(file.read(0, 2))) {
    return std::nullopt;  // as it is, and too long: not read
  }
  auto bytes = read_file(path);
  if (is_gzip(bytes)) return gunzip(bytes, most, path.string());
  if (bytes.size() > most) return std::nullopt;
  return bytes;
}

std::string read_gz(const std::filesystem::path& path, std::size_t most) {
  if (auto bytes = read_gz_within(path, most)) return *std::move(bytes);
  require(!is_gzip(InputFile(path).read(0, 2)), "'{}' unpacks to more than {} bytes", path.string(),
          most);
  fail("'{}' has {} bytes, more than {}", path.string(), InputFile(path).size(), most);
}

std::string inflate_raw(std::string_view packed, std::size_t size, std::string_view what) {
  // Deflate packs at most 1032 to 1, so a claimed size cannot make us allocate much for little.
  require(size / 1032 <= packed.size() + 1, "{} is damaged: it cannot unpack to {} bytes", what,
          size);
  constexpr int kRaw = -15;
  Inflater inflater(packed, kRaw);
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const auto got = inflater.read(bytes.data() + done, size - done);
    done += got;
    if (got == 0) break;
  }
  char extra = 0;
  const bool more = !inflater.at_end() && inflater.read(&extra, 1) > 0;
  if (!more && !inflater.at_end()) check_stream(inflater, what);
  require(!more && done == size, "{} is damaged: it does not unpack to {} bytes", what, size);
  return bytes;
}

}  // namespace ranklens::base
