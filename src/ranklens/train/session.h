#pragma once

#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/folder_lock.h"
#include "ranklens/base/random.h"
#include "ranklens/data/loader.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/schedule.h"
#include "ranklens/train/batch_objective.h"
#include "ranklens/train/checkpoint.h"
#include "ranklens/train/fit.h"
#include "ranklens/train/kernel_scope.h"
#include "ranklens/train/step_log.h"

namespace ranklens::train {

/// One call of fit(): what changes while it runs. All of it but the clocks goes into checkpoints.
class Session {
 public:
  Session(const nn::Network& network, const data::Dataset& training,
          const data::Dataset& validation, const FitOptions& options);
  FitResult run();

 private:
  /// Sums over the current epoch so far.
  struct Sums {
    double loss = 0;
    std::int64_t correct = 0;
    std::int64_t images = 0;
    double seconds = 0;
    double processor_seconds = 0;
    double rate = 1;
  };

  void resume();
  void note_threads(int then) const;
  /// By the clock, since the run first began.
  double seconds() const { return earlier_seconds_ + clock_.seconds(); }
  /// One step; false when the loss was not finite.
  bool step();
  /// Validation, schedule, best, metrics.
  void end_epoch();
  void keep_best(const EpochMetrics& metrics);
  /// Looks at the weights when a checkpoint is due, or when told to, and writes it where there is a
  /// folder; false when they are not finite.
  bool save(bool told);
  void write_metrics() const;
  bool due(bool told) const;
  /// At a step and in an epoch, both from 1.
  void diverged(const std::string& what, std::int64_t step, std::int64_t epoch);
  void report_progress(double loss) const;
  std::int64_t batches() const;
  FitResult result() const;

  const base::Stopwatch clock_;
  const KernelScope kernels_;
  const nn::Graph graph_;
  const data::Dataset training_, validation_;
  const FitOptions options_;
  const ObjectiveOptions objective_options_;
  const nlohmann::json configuration_;
  const base::Stream dropout_;
  const at::Device device_;

  nn::State state_;
  nn::State best_;
  double best_value_ = 0;
  std::int64_t best_epoch_ = 0;
  std::unique_ptr<optim::Optimiser> optimiser_;
  optim::Schedule schedule_;
  data::Position position_;
  std::int64_t steps_ = 0;
  Sums sums_;
  std::vector<EpochMetrics> history_;
  std::optional<base::FolderLock> lock_;
  StepLog log_;
  double earlier_seconds_ = 0;  ///< of the calls before this one
  Provenance provenance_;

  FitResult::Ending ending_ = FitResult::Ending::finished;
  std::string message_;
  std::unique_ptr<data::Loader> loader_;
  base::Stopwatch since_save_;
  std::int64_t saved_step_ = -1;  ///< of the last checkpoint; -1: none
};

}  // namespace ranklens::train
