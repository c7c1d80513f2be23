#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace ranklens::train {

/// What an optimiser observes after its steps, as lines of FOLDER/steps.jsonl: {"step": 1, "loss":
/// 2.3, "observed": {"rank/head.weight": 8, ...}}, with null for numbers that are not finite and
/// trains of many bonds summarised(), so that a line stays short. Lines wait in memory until
/// write().
class StepLog {
 public:
  /// Nothing is kept without a folder, or for `every` 0; else each so many-th step.
  StepLog(std::filesystem::path folder, std::int64_t every);

  /// Steps count from 1. A step of which nothing was observed is no line.
  void add(std::int64_t step, double loss, const std::map<std::string, double>& observed);
  /// Whether add() would keep a line of this step.
  bool wants(std::int64_t step) const;
  /// Appends what waits.
  void write();
  /// Keeps the lines of the first `steps` alone: what a run that was killed wrote after its last
  /// checkpoint is made again.
  void resume(std::int64_t steps) const;

 private:
  std::filesystem::path path_;
  std::int64_t every_;
  std::string waiting_;
};

}  // namespace ranklens::train
