#include "ranklens/study/run_progress.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace ranklens::study {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double total_seconds(const Cell& cell) {
  double sum = 0;
  for (const auto& [stage, seconds] : cell.seconds) sum += seconds;
  return sum;
}

}  // namespace

RunProgress::RunProgress(const Config& config, base::Progress inner)
    : config_(config), inner_(std::move(inner)) {}

void RunProgress::finished(const Cell& cell) {
  const auto name = cell_name(cell.arm, cell.seed);
  if (!done_.insert(name).second) return;
  arm_.clear();
  // One that diverged early says nothing of the others.
  if (cell.failure.empty()) spent_[name] = total_seconds(cell);
}

void RunProgress::begin(const std::string& arm, std::uint64_t) {
  arm_ = arm;
  watch_.restart();
  stage_.clear();
  share_ = 0;
}

double RunProgress::expected(const std::string& arm) const {
  double own = 0, all = 0;
  int own_count = 0;
  for (const auto& [name, seconds] : spent_) {
    all += seconds;
    if (name.substr(0, name.rfind("-s")) != arm) continue;
    own += seconds;
    ++own_count;
  }
  if (own_count > 0) return own / own_count;
  if (!spent_.empty()) return all / static_cast<double>(spent_.size());
  return share_ > 0 ? watch_.seconds() / share_ : kUnknown;
}

double RunProgress::seconds_left() const {
  double left = 0;
  for (const auto& arm : config_.arms) {
    for (const auto seed : config_.seeds)
      if (!done_.contains(cell_name(arm, seed))) left += expected(arm);
  }
  if (!arm_.empty()) left -= std::min(watch_.seconds(), expected(arm_));
  return left;
}

std::string RunProgress::line(const Cell& cell) const {
  const auto total = config_.arms.size() * config_.seeds.size();
  auto text = fmt::format("{} of {}: {}: ", done_.size(), total, cell_name(cell.arm, cell.seed));
  text +=
      cell.failure.empty() ? fmt::format("accuracy {:.2f} %", 100 * cell.accuracy) : cell.failure;
  for (const auto* stage : {"train", "validate", "evaluate", "explain", "measure"}) {
    if (const auto found = cell.seconds.find(stage); found != cell.seconds.end())
      text += fmt::format(", {} {}", stage, base::render_seconds(found->second));
  }
  const double left = seconds_left();
  if (done_.size() < total && std::isfinite(left))
    text += fmt::format("; about {} left", base::render_seconds(left));
  return text;
}

base::Progress RunProgress::callback() {
  if (!inner_) return {};
  return [this](const base::ProgressUpdate& now) { update(now); };
}

void RunProgress::update(const base::ProgressUpdate& update) {
  if (stage_.empty()) {
    stage_ = update.stage;
    first_ = update.done;
  }
  if (stage_ == update.stage && update.total > 0) share_ = (update.done - first_) / update.total;
  const auto total = config_.arms.size() * config_.seeds.size();
  const auto stage =
      fmt::format("{}/{} {}", std::min(done_.size() + 1, total), total, update.stage);
  std::string note(update.note);
  if (const double left = seconds_left(); std::isfinite(left)) {
    note =
        fmt::format("whole run {}{}{}", base::render_seconds(left), note.empty() ? "" : ", ", note);
  }
  auto passed_on = update;
  passed_on.stage = stage;
  passed_on.note = note;
  inner_(passed_on);
}

}  // namespace ranklens::study
