#include "ranklens/base/staged_folder.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "ranklens/base/error.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/leftovers.h"

namespace ranklens::base {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".tmp";

/// The topmost folder on the way to `path` that is not there yet; "" if all are.
fs::path first_missing(const fs::path& path) {
  fs::path so_far;
  for (const auto& part : path) {
    so_far /= part;
    std::error_code ignored;
    if (!part.empty() && !fs::exists(so_far, ignored)) return so_far;
  }
  return {};
}

std::vector<fs::path> names_in(const fs::path& folder) {
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  // A folder with a manifest is complete: it comes last.
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    const bool last_a = a == "manifest.json", last_b = b == "manifest.json";
    return last_a != last_b ? last_b : a < b;
  });
  return names;
}

/// Makes the folder, marks it as in use and returns it open; -1 where it was there (another process
/// may have this one's number, or have had it), or was swept away before it was marked.
int make_own(const fs::path& path) {
  if (!make_new_folder(path)) return -1;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0 && errno != ENOENT) {
    throw SystemError(fmt::format("cannot write to '{}': {}", path.parent_path().string(),
                                  std::generic_category().message(errno)));
  }
  if (descriptor < 0) return -1;
  struct stat opened{}, there{};
  const bool mine = mark_in_use(descriptor) && ::fstat(descriptor, &opened) == 0 &&
                    ::stat(path.c_str(), &there) == 0 && opened.st_ino == there.st_ino;
  if (mine) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace

StagedFolder::StagedFolder(fs::path folder)
    : folder_(std::move(folder)), made_(first_missing(folder_)) {
  static std::atomic<unsigned> counter{0};
  make_folder(folder_);
  // Marks are seen by all processes of one machine, whatever their containers.
  const auto prefix = ".ranklens." + host_name() + ".";
  sweep(folder_, [&](const std::string& name) {
    return name.starts_with(prefix) && name.ends_with(kSuffix);
  });
  do {
    hidden_ = folder_ / fmt::format("{}{}.{}{}", prefix, ::getpid(), counter++, kSuffix);
    descriptor_ = make_own(hidden_);
  } while (descriptor_ < 0);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  fs::remove_all(hidden_, ignored);
  ::close(descriptor_);
  if (made_.empty()) return;
  // Only what is empty: another process may have written here meanwhile.
  for (auto path = folder_; fs::remove(path, ignored) && path != made_;) path = path.parent_path();
}

void StagedFolder::commit() {
  std::vector<fs::path> placed;
  for (const auto& name : names_in(hidden_)) {
    std::error_code failed;
    const bool is_new = !fs::exists(folder_ / name, failed);
    fs::rename(hidden_ / name, folder_ / name, failed);
    if (failed) {
      std::error_code ignored;
      for (const auto& other : placed) fs::remove(other, ignored);
      throw SystemError(
          fmt::format("cannot write '{}': {}", (folder_ / name).string(), failed.message()));
    }
    if (is_new) placed.push_back(folder_ / name);
  }
  made_.clear();
}

}  // namespace ranklens::base
