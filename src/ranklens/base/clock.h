#pragma once

#include <chrono>
#include <ctime>

namespace ranklens::base {

/// What this process has taken of processors, in all threads: pauses do not lengthen it,
/// and programs beside it hardly (threads that wait for others may).
inline double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Wall time since construction or the last restart.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  /// Returns the seconds and starts again.
  double restart() {
    const double passed = seconds();
    start_ = std::chrono::steady_clock::now();
    return passed;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace ranklens::base
