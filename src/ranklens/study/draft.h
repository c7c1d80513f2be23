#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace ranklens::study {

/// Where a process number means what it means here: this start of the machine, and the namespace
/// that numbers the processes. Containers of one machine may share a host name, not a namespace.
/// "" where the system does not say.
std::string process_space();

/// A file of its own beside the lease NAME, with a line of text in it; removed at the end. What is
/// linked or renamed from it appears with its contents: no reader sees an empty term.
class Draft {
 public:
  /// A SystemError if the folder cannot be written to.
  Draft(const std::filesystem::path& name, const std::string& text);
  ~Draft();
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// When it was made, by the clock of the file system, which is one for all machines. Nothing if
  /// it was swept away, because this process was stopped for long.
  std::optional<std::filesystem::file_time_type> time() const;

 private:
  std::filesystem::path path_;
};

/// Removes drafts that killed processes left in a folder of leases.
void sweep_drafts(const std::filesystem::path& folder);

}  // namespace ranklens::study
