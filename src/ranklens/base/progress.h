#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ranklens::base {

/// How far a piece of work has come. `total` <= 0: unknown.
struct ProgressUpdate {
  std::string_view stage;  ///< "training tt seed 2"
  double done = 0;         ///< in `unit`
  double total = 0;
  std::string_view unit = "";  ///< "images"; the bar shows unit/s
  std::string_view note = "";  ///< "loss 1.23, epoch 3/12"
};

/// What libraries call instead of printing. May be empty; call through report().
using Progress = std::function<void(const ProgressUpdate&)>;

inline void report(const Progress& progress, const ProgressUpdate& update) {
  if (progress) progress(update);
}

/// One line of at most `width` columns: stage, bar, percentage, rate, time left, note.
/// `seconds`: spent in this stage; `rate`: units a second, <= 0 unknown.
std::string render_progress(const ProgressUpdate& update, double seconds, double rate, int width);

/// "0:07", "12:05", "3:04:05".
std::string render_seconds(double seconds);

/// A bar on stderr, redrawn at most ten times a second; draws nothing when `quiet` or when stderr
/// is no terminal. The callback it gives must not outlive it.
class ProgressBar {
 public:
  explicit ProgressBar(bool quiet = false);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  Progress callback();
  /// Removes the bar from the screen, so that a line can be printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  void update(const ProgressUpdate& update);

  bool visible_;
  bool drawn_ = false;
  std::string stage_;
  Clock::time_point started_{};
  Clock::time_point last_{};
  double first_done_ = 0;
  double last_done_ = 0;
  double rate_ = 0;
};

}  // namespace ranklens::base
