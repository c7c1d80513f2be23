#include "ranklens/base/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace ranklens::base {
namespace {

/// What a line may go without.
struct Parts {
  int cells;  ///< of the bar; 0: none
  bool rate;
};

std::string render_count(double value) {
  if (value >= 1e6) return fmt::format("{:.2f}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.1f}k", value / 1e3);
  return value >= 100 || value == std::floor(value) ? fmt::format("{:.0f}", value)
                                                    : fmt::format("{:.1f}", value);
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string render_line(const ProgressUpdate& update, double seconds, double rate, Parts parts) {
  std::string line(update.stage);
  if (update.total > 0) {
    const double share = std::clamp(update.done / update.total, 0.0, 1.0);
    const int full = static_cast<int>(share * parts.cells);
    if (parts.cells > 0) line += fmt::format(" [{:#<{}}{:.<{}}]", "", full, "", parts.cells - full);
    line += fmt::format(" {:3.0f}%", std::floor(100 * share));
  } else {
    line += fmt::format(" {}", render_count(update.done));
  }
  if (parts.rate && rate > 0 && !update.unit.empty()) {
    line += fmt::format(" {} {}/s", render_count(rate), update.unit);
  }
  if (update.total > 0 && rate > 0) {
    line += fmt::format(" {} left", render_seconds((update.total - update.done) / rate));
  } else {
    line += fmt::format(" {}", render_seconds(seconds));
  }
  if (!update.note.empty()) line += fmt::format(", {}", update.note);
  return line;
}

}  // namespace

std::string render_seconds(double seconds) {
  const auto whole = std::llround(std::max(0.0, seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string render_progress(const ProgressUpdate& update, double seconds, double rate, int width) {
  // What a narrow terminal has no room for goes in this order: half the bar, all of it, the rate.
  const auto most = static_cast<std::size_t>(width);
  for (const Parts parts : {Parts{20, true}, {10, true}, {0, true}, {0, false}}) {
    const auto line = render_line(update, seconds, rate, parts);
    const auto rest = line.size() - update.note.size();
    // The note's first part must fit; what follows its comma may be cut.
    if (rest + std::min(update.note.find(','), update.note.size()) <= most)
      return line.substr(0, most);
  }
  return render_line(update, seconds, rate, {20, true}).substr(0, most);
}

ProgressBar::ProgressBar(bool quiet) : visible_(!quiet && isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() { clear(); }

Progress ProgressBar::callback() {
  if (!visible_) return {};
  return [this](const ProgressUpdate& now) { update(now); };
}

void ProgressBar::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

void ProgressBar::update(const ProgressUpdate& update) {
  const auto now = Clock::now();
  const auto since = [&](Clock::time_point then) {
    return std::chrono::duration<double>(now - then).count();
  };
  if (update.stage != stage_ || update.done < last_done_) {
    stage_ = update.stage;
    started_ = last_ = now;
    first_done_ = last_done_ = update.done;
    rate_ = 0;
  } else if (since(last_) < 0.1 && update.done != update.total) {
    return;
  }
  if (const double elapsed = since(last_); elapsed > 0 && update.done > last_done_) {
    // A mean over about ten seconds: it follows changes of speed without flickering.
    const double recent = (update.done - last_done_) / elapsed;
    const double weight = std::max(-std::expm1(-elapsed / 10), elapsed / since(started_));
    rate_ += std::min(1.0, weight) * (recent - rate_);
    last_done_ = update.done;
    last_ = now;
  }
  const std::string line = render_progress(update, since(started_), rate_, terminal_width() - 1);
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace ranklens::base
