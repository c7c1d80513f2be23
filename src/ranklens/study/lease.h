#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace ranklens::study {

/// The right to work on one cell of a run folder, held as a small file whose time of change is its
/// heartbeat. Of any number of processes, on any number of machines that share the folder, one at a
/// time holds it; that of a process that is gone is taken over.
class Lease {
 public:
  struct Options {
    double heartbeat = 2;  ///< seconds between signs of life
    double stale = 30;     ///< without a sign of life for so long, the holder is taken for dead
  };

  /// The lease, or null while another process holds it. On the holder's own machine a process that
  /// no longer runs loses it at once.
  static std::unique_ptr<Lease> acquire(const std::filesystem::path& file, const Options& options);
  static std::unique_ptr<Lease> acquire(const std::filesystem::path& file) {
    return acquire(file, Options());
  }
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// False once another process has taken it over (this one was stopped for too long): its work
  /// must not be written.
  bool held() const;

 private:
  Lease(std::filesystem::path file, std::string token, const Options& options);
  void beat(double seconds);

  std::filesystem::path file_;
  std::string token_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread heart_;
};

}  // namespace ranklens::study
