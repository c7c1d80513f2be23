#pragma once

#include <filesystem>
#include <string>

namespace ranklens::base {

/// Keeps a folder for one process for as long as it lives; however the process ends, the folder is
/// free then. Without effect where the file system has no locks (flock), and on other machines.
class FolderLock {
 public:
  /// An Error, "another process VERB in 'FOLDER'", where one does ("trains").
  FolderLock(const std::filesystem::path& folder, const std::string& verb);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace ranklens::base
