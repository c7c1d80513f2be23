#pragma once

#include <filesystem>

namespace ranklens::base {

/// Makes a folder, and those that it lies in, where they are not there yet. Error if the name is
/// taken by a file or may not be used, SystemError if the disk is full or fails.
void make_folder(const std::filesystem::path& path);

/// Makes one folder; false, and nothing done, if the name is taken. Of several processes that try,
/// one makes it. Errors as above.
bool make_new_folder(const std::filesystem::path& path);

}  // namespace ranklens::base
