#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace ranklens::study {

/// The right to work on one cell of a run folder. Of any number of processes, on any number of
/// machines that share the folder, one at a time has it; that of a process that is gone is taken
/// over.
///
/// The lease NAME is the files NAME.1, NAME.2, ..., one a term. The highest number is the term that
/// counts: its file names the holder, and its time of change is the holder's heartbeat. A term ends
/// when its holder marks it free or shows no life any more; whoever then makes the file of the next
/// number has the lease. Making a file that must not exist is the one step that decides, and files
/// are never removed or renamed away, so there is nothing that two processes could both win.
class Lease {
 public:
  struct Options {
    double heartbeat = 2;  ///< seconds between signs of life
    double stale = 30;     ///< without a sign of life for so long, the holder is taken for dead
  };

  /// The lease, or null while another process holds it. A process that no longer runs loses it at
  /// once if it ran on this machine and in this namespace of process numbers (not in another
  /// container), any other one after `stale` seconds by the clock of the file system. A SystemError
  /// if the folder cannot be written to.
  static std::unique_ptr<Lease> acquire(const std::filesystem::path& name, const Options& options);
  static std::unique_ptr<Lease> acquire(const std::filesystem::path& name) {
    return acquire(name, Options());
  }
  /// Gives it back.
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// False once another process has taken it over (this one was stopped for too long): its work
  /// must not be written.
  bool held() const;

 private:
  Lease(std::filesystem::path name, std::int64_t term, std::string token, const Options& options);
  void beat(double seconds);

  std::filesystem::path name_;
  std::int64_t term_;
  std::string token_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread heart_;
};

}  // namespace ranklens::study
