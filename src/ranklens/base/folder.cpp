#include "ranklens/base/folder.h"

#include "ranklens/base/error.h"

namespace ranklens::base {
namespace {

[[noreturn]] void cannot_make(const std::filesystem::path& path, std::error_code failed) {
  const auto message = fmt::format("the folder '{}' cannot be made: {}", path.string(),
                                   failed ? failed.message() : "a file has that name");
  const bool machine = failed == std::errc::no_space_on_device || failed == std::errc::io_error ||
                       failed == std::errc::too_many_links;
  if (machine) throw SystemError(message);
  throw Error(message);
}

}  // namespace

void make_folder(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed || !std::filesystem::is_directory(path)) cannot_make(path, failed);
}

bool make_new_folder(const std::filesystem::path& path) {
  std::error_code failed;
  const bool made = std::filesystem::create_directory(path, failed);
  if (failed && failed != std::errc::file_exists) cannot_make(path, failed);
  return made;
}

}  // namespace ranklens::base
