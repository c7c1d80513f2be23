#pragma once

#include <chrono>
#include <limits>

namespace ranklens::tn {

/// When a search must stop; never, by default.
class Deadline {
 public:
  Deadline() = default;
  explicit Deadline(double seconds)
      : at_(std::chrono::steady_clock::now() +
            std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                std::chrono::duration<double>(seconds))),
        set_(true) {}

  bool passed() const { return set_ && std::chrono::steady_clock::now() >= at_; }
  /// The sooner of this one and one so many seconds from now.
  Deadline within(double seconds) const {
    const Deadline other(seconds);
    return set_ && at_ < other.at_ ? *this : other;
  }
  /// Seconds left.
  double left() const {
    if (!set_) return std::numeric_limits<double>::infinity();
    return std::chrono::duration<double>(at_ - std::chrono::steady_clock::now()).count();
  }

 private:
  std::chrono::steady_clock::time_point at_{};
  bool set_ = false;
};

}  // namespace ranklens::tn
