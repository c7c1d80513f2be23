#pragma once

#include <map>
#include <set>
#include <string>

#include "ranklens/base/clock.h"
#include "ranklens/base/progress.h"
#include "ranklens/study/cell.h"
#include "ranklens/study/config.h"

namespace ranklens::study {

/// How far a whole run has come, for people: which of its cells is worked on, and how long the rest
/// takes, judged by what the finished ones took.
class RunProgress {
 public:
  /// `inner` is told of the stages; may be empty. The configuration must outlive this.
  RunProgress(const Config& config, base::Progress inner);

  /// A cell that is there, whoever made it. To be told twice does no harm.
  void finished(const Cell& cell);
  /// This process begins this cell.
  void begin(const std::string& arm, std::uint64_t seed);

  /// What the stages of a cell report to: passes them on with the cell's number before the stage,
  /// and the time that is left for the whole run. Empty if `inner` is. Must not outlive this.
  base::Progress callback();

  /// For one process alone. NaN as long as nothing is known.
  double seconds_left() const;
  /// What a finished cell leaves on the screen: "3 of 12: tt-s1: accuracy 41.20 %, train 0:31,
  /// ...; about 4:10 left".
  std::string line(const Cell& cell) const;

 private:
  double expected(const std::string& arm) const;
  void update(const base::ProgressUpdate& update);

  const Config& config_;
  base::Progress inner_;
  std::map<std::string, double> spent_;  ///< seconds by finished cell
  std::set<std::string> done_;
  std::string arm_;  ///< of the cell that is worked on, or ""
  base::Stopwatch watch_;
  /// Of the first stage, of which nothing else is known: where it began and how much is done.
  std::string stage_;
  double first_ = 0, share_ = 0;
};

}  // namespace ranklens::study
