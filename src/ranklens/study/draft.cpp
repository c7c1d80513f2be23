#include "ranklens/study/draft.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <system_error>
#include <unistd.h>

#include "ranklens/base/error.h"
#include "ranklens/base/leftovers.h"
#include "ranklens/base/sha256.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDraft = ".draft";

/// What tells this process's drafts from those of any other: containers of one machine may share
/// its name and number their processes alike.
const std::string& own_prefix() {
  static const auto space = base::sha256(process_space()).substr(0, 12);
  static const auto prefix = fmt::format(".{}-{}-", base::host_name(), space);
  return prefix;
}

bool write_all(int descriptor, const std::string& line) {
  return ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace

std::string process_space() {
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  std::error_code error;
  const auto space = fs::read_symlink("/proc/self/ns/pid", error);
  return error || boot.empty() ? "" : boot + "/" + space.string();
}

Draft::Draft(const fs::path& name, const std::string& text) {
  static std::atomic<std::uint64_t> count{0};
  int descriptor = -1;
  // Never one that is there: it may be, or have been linked to, another's term.
  do {
    path_ = name.parent_path() /
            fmt::format("{}{}-{}{}", own_prefix(), ::getpid(), count.fetch_add(1), kDraft);
    descriptor = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EEXIST);
  const bool written = descriptor >= 0 && write_all(descriptor, text + '\n');
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (written) return;
  if (descriptor >= 0) ::unlink(path_.c_str());
  throw base::SystemError(
      fmt::format("cannot write '{}': {}", path_.string(), std::generic_category().message(error)));
}

Draft::~Draft() { ::unlink(path_.c_str()); }

std::optional<fs::file_time_type> Draft::time() const {
  std::error_code gone;
  const auto time = fs::last_write_time(path_, gone);
  return gone ? std::nullopt : std::optional(time);
}

void sweep_drafts(const fs::path& folder) {
  // A draft lives for milliseconds, and nobody marks it.
  const auto is_draft = [](const std::string& name) {
    return name.starts_with('.') && name.ends_with(kDraft);
  };
  base::sweep(folder, is_draft, std::chrono::hours(1));
}

}  // namespace ranklens::study
