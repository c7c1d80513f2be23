#include "ranklens/base/leftovers.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <vector>

namespace ranklens::base {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> named_so(const fs::path& folder,
                               const std::function<bool(const std::string&)>& is_leftover) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (is_leftover(entry->path().filename().string())) found.push_back(entry->path());
  }
  return found;
}

bool is_untouched(const fs::path& path, std::chrono::seconds time) {
  std::error_code failed;
  const auto last = fs::last_write_time(path, failed);
  return !failed && fs::file_time_type::clock::now() - last >= time;
}

/// For writing where it can be: NFS locks no other files exclusively.
int open_to_lock(const fs::path& path) {
  constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int descriptor = ::open(path.c_str(), O_RDWR | kFlags);
  return descriptor >= 0 ? descriptor : ::open(path.c_str(), O_RDONLY | kFlags);
}

/// Holding the lock while it goes: whoever has just made it finds that out by mark_in_use().
void remove_unmarked(const fs::path& path, WithoutLocks without_locks) {
  const int descriptor = open_to_lock(path);
  if (descriptor < 0) return;
  std::error_code ignored;
  const bool locked = ::flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  if (locked || (errno != EWOULDBLOCK && without_locks == WithoutLocks::remove))
    fs::remove_all(path, ignored);
  ::close(descriptor);
}

}  // namespace

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  std::string text = name;
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

bool mark_in_use(int descriptor) {
  return ::flock(descriptor, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

void sweep(const fs::path& folder, const std::function<bool(const std::string&)>& is_leftover,
           std::chrono::seconds untouched, WithoutLocks without_locks) {
  for (const auto& path : named_so(folder, is_leftover)) {
    if (is_untouched(path, untouched)) remove_unmarked(path, without_locks);
  }
}

}  // namespace ranklens::base
