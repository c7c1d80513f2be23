#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

/// Temporary files and folders of processes that were killed: telling them from those in use.
namespace ranklens::base {

/// The name of this machine, fit to be a part of a file's name.
std::string host_name();

/// Marks an open file or folder as in use for as long as it stays open, however the process ends.
/// False if sweep() is removing it just now. Without effect, and true, where the file system has no
/// locks (flock).
bool mark_in_use(int descriptor);

/// Where the file system has no locks, which tells nothing of who is at work.
enum class WithoutLocks { keep, remove };

/// Removes from a folder all files and folders of such names that nobody has marked and nobody has
/// changed for `untouched` (others, on machines whose marks are not seen here, may be at work).
/// What cannot be removed stays; a folder that cannot be read is left alone.
void sweep(const std::filesystem::path& folder,
           const std::function<bool(const std::string& name)>& is_leftover,
           std::chrono::seconds untouched = {}, WithoutLocks without_locks = WithoutLocks::keep);

}  // namespace ranklens::base
