#pragma once

#include <cstdint>
#include <string>

namespace ranklens::base {

/// Seconds that this thread spends in parts of the work that are marked by RECORD_USER_SCOPE with a
/// name, while an object of this class lives; parts within parts count once. One at a time a
/// thread.
class ScopeClock {
 public:
  explicit ScopeClock(std::string name);
  ~ScopeClock();
  ScopeClock(const ScopeClock&) = delete;
  ScopeClock& operator=(const ScopeClock&) = delete;
  double seconds() const;
  std::int64_t parts() const;  ///< how many were passed

 private:
  std::uint64_t handle_;
};

}  // namespace ranklens::base
