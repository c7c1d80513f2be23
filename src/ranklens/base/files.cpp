#include "ranklens/base/files.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ranklens/base/error.h"
#include "ranklens/base/leftovers.h"
#include "ranklens/base/text.h"

namespace ranklens::base {
namespace {

// One call moves less than 2 GiB on Linux; smaller pieces keep the process interruptible.
constexpr std::size_t kPiece = std::size_t{1} << 26;

constexpr std::string_view kTemporary = ".tmp";

std::string reason(int error) { return std::generic_category().message(error); }

// What the user can mend by naming another file; everything else is the machine's trouble.
bool is_usage_error(int error) {
  return error == ENOENT || error == ENOTDIR || error == EISDIR || error == EACCES ||
         error == EPERM || error == EROFS || error == ENAMETOOLONG || error == ELOOP ||
         error == EINVAL;
}

[[noreturn]] void fail_on_file(const char* verb, const std::filesystem::path& path, int error) {
  const auto message = fmt::format("cannot {} '{}': {}", verb, path.string(), reason(error));
  if (is_usage_error(error)) throw Error(message);
  throw SystemError(message);
}

// Where a file of a StagedFolder will be: its user knows no other place.
std::filesystem::path final_place(const std::filesystem::path& path) {
  std::filesystem::path place;
  for (const auto& part : path) {
    const auto name = part.string();
    if (!(name.starts_with(".ranklens.") && name.ends_with(".tmp"))) place /= part;
  }
  return place;
}

// A link is followed first, so that the file it points to is replaced and not the link.
std::filesystem::path follow_links(std::filesystem::path path) {
  std::error_code error;
  auto target = std::filesystem::canonical(path, error);
  if (!error) path = std::move(target);
  return path;
}

std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  return path.parent_path() /
         fmt::format(".{}.{}.{}{}", path.filename().string(), ::getpid(), counter++, kTemporary);
}

// ".NAME.12.3.tmp"
bool is_temporary(const std::string& name) {
  if (!name.starts_with('.') || !name.ends_with(kTemporary)) return false;
  auto rest = std::string_view(name).substr(0, name.size() - kTemporary.size());
  for (int number = 0; number < 2; ++number) {
    const auto dot = rest.rfind('.');
    if (dot == std::string_view::npos || !parse_number<unsigned>(rest.substr(dot + 1)))
      return false;
    rest = rest.substr(0, dot);
  }
  return rest.size() > 1;
}

// Returns 0 or an error number.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), std::min(bytes.size(), kPiece));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// The rename itself reaches the disk only with its folder. Some file systems cannot: not an error.
void flush_folder(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) : path_(follow_links(std::move(path))) {
  std::error_code error;
  const auto status = std::filesystem::status(path_, error);
  if (std::filesystem::is_directory(status)) fail_on_file("write", final_place(path_), EISDIR);
  if (!path_.has_filename()) fail_on_file("write", final_place(path_), EISDIR);
  const bool direct = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  if (direct) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    // The name may be taken: by what a killed process of the same number left behind.
    do {
      temporary_ = temporary_beside(path_);
      descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ >= 0) mark_in_use(descriptor_);
  }
  if (descriptor_ < 0) fail_on_file("write", final_place(path_), errno);
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() noexcept {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::give_up(int error) {
  discard();
  throw SystemError(
      fmt::format("cannot write '{}': {}", final_place(path_).string(), reason(error)));
}

void AtomicFile::write(std::string_view bytes) {
  require(descriptor_ >= 0, "'{}' was already closed", path_.string());
  if (const int failed = write_all(descriptor_, bytes); failed != 0) give_up(failed);
  size_ += bytes.size();
}

int AtomicFile::place(int (*move)(const char* from, const char* to)) {
  if (::fsync(descriptor_) != 0) give_up(errno);
  const int closed = ::close(std::exchange(descriptor_, -1));
  const int failed = closed != 0 || move(temporary_.c_str(), path_.c_str()) != 0 ? errno : 0;
  // What was renamed is not there any more; what was linked, or could not be, is.
  ::unlink(temporary_.c_str());
  if (failed == 0) flush_folder(path_);
  return failed;
}

void AtomicFile::commit() {
  require(descriptor_ >= 0, "'{}' was already closed", path_.string());
  if (temporary_.empty()) {
    discard();
    return;
  }
  if (const int failed = place(::rename); failed != 0) give_up(failed);
}

bool AtomicFile::commit_new() {
  require(descriptor_ >= 0, "'{}' was already closed", path_.string());
  require(!temporary_.empty(), "'{}' is no place for a new file", path_.string());
  const int failed = place(::link);
  if (failed != 0 && failed != EEXIST) give_up(failed);
  return failed == 0;
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

bool write_new_file(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  return file.commit_new();
}

void append_to_file(const std::filesystem::path& path, std::string_view bytes) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) fail_on_file("write", final_place(path), errno);
  int failed = write_all(descriptor, bytes);
  // A pipe has nothing to flush.
  if (failed == 0 && ::fsync(descriptor) != 0 && errno != EINVAL && errno != EROFS) failed = errno;
  if (::close(descriptor) != 0 && failed == 0) failed = errno;
  if (failed != 0) {
    throw SystemError(
        fmt::format("cannot write '{}': {}", final_place(path).string(), reason(failed)));
  }
}

void sweep_temporaries(const std::filesystem::path& folder) {
  sweep(folder, is_temporary, std::chrono::hours(1));
}

InputFile::InputFile(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) fail_on_file("read", path_, errno);
  struct stat status{};
  const int error = ::fstat(descriptor_, &status) != 0 ? errno
                    : S_ISDIR(status.st_mode)          ? EISDIR
                                                       : 0;
  if (error != 0) {
    ::close(descriptor_);
    fail_on_file("read", path_, error);
  }
  if (S_ISREG(status.st_mode)) size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(std::uint64_t offset, void* to, std::uint64_t count) const {
  require(offset <= size_ && count <= size_ - offset,
          "'{}' ends early: {} bytes are wanted at byte {}, the file has {}", path_.string(), count,
          offset, size_);
  auto* out = static_cast<char*>(to);
  while (count > 0) {
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(count, kPiece));
    const auto got = ::pread(descriptor_, out, piece, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_on_file("read", path_, errno);
    require(got > 0, "'{}' became shorter while it was read", path_.string());
    out += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::uint64_t>(got);
  }
}

std::size_t InputFile::read_next(void* to, std::size_t most) const {
  while (true) {
    const auto got = ::read(descriptor_, to, most);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) fail_on_file("read", path_, errno);
  }
}

std::string InputFile::read(std::uint64_t offset, std::uint64_t count) const {
  require(offset <= size_ && count <= size_ - offset,
          "'{}' ends early: {} bytes are wanted at byte {}, the file has {}", path_.string(), count,
          offset, size_);
  std::string bytes(count, '\0');
  read(offset, bytes.data(), count);
  return bytes;
}

std::string read_file(const std::filesystem::path& path) {
  const InputFile file(path);
  std::string bytes;
  // The size is a hint only: devices and pipes have none.
  bytes.reserve(file.size());
  std::string piece(std::size_t{1} << 20, '\0');
  while (const auto got = file.read_next(piece.data(), piece.size())) bytes.append(piece, 0, got);
  return bytes;
}

}  // namespace ranklens::base
