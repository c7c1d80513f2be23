#pragma once

#include <filesystem>

namespace ranklens::base {

/// Files that appear in a folder all together or not at all. They are written, by any writer, to a
/// hidden folder inside; commit() moves them to their places. Without commit() they are removed,
/// and so is the folder itself where it was made for them. Hidden folders that killed processes of
/// this machine left there are removed.
class StagedFolder {
 public:
  /// Makes the folder if it does not exist; errors as make_folder() states.
  explicit StagedFolder(std::filesystem::path folder);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  /// Where to write for now.
  const std::filesystem::path& path() const { return hidden_; }
  /// Moves all files to their places; those of a failed move are taken back where they were new.
  /// SystemError if the disk fails.
  void commit();

 private:
  std::filesystem::path folder_, hidden_;
  int descriptor_ = -1;  ///< of hidden_, marked as in use
  /// The topmost of the folders that were made for this one; "" where it was there.
  std::filesystem::path made_;
};

}  // namespace ranklens::base
