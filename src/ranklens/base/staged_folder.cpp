#include "ranklens/base/staged_folder.h"

#include <algorithm>
#include <atomic>
#include <unistd.h>
#include <vector>

#include "ranklens/base/error.h"
#include "ranklens/base/folder.h"

namespace ranklens::base {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

StagedFolder::StagedFolder(fs::path folder)
    : folder_(std::move(folder)), made_(first_missing(folder_)) {
  static std::atomic<unsigned> counter{0};
  make_folder(folder_);
  hidden_ = folder_ / fmt::format(".ranklens.{}.{}.tmp", ::getpid(), counter++);
  make_folder(hidden_);
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  fs::remove_all(hidden_, ignored);
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
