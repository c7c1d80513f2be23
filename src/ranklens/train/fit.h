#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ranklens/base/progress.h"
#include "ranklens/data/augment.h"
#include "ranklens/data/dataset.h"
#include "ranklens/nn/network.h"
#include "ranklens/train/compute.h"
#include "ranklens/train/metrics.h"
#include "ranklens/train/provenance.h"

namespace ranklens::train {

/// What makes one epoch better than another, on the validation images.
enum class BestBy { loss, accuracy };

struct FitOptions {
  std::int64_t epochs = 12;
  std::int64_t batch = 512;
  std::string optimiser = "adam(lr=1e-3)";
  std::string schedule = "constant";
  /// Factor on the optimiser's learning rate (of a sweep on its reach, of turning on its angle), as
  /// the schedule's.
  double rate = 1;
  /// Of the order of the images, their augmentation and the dropout masks.
  std::uint64_t seed = 0;
  double label_smoothing = 0;
  /// Largest norm of all gradients together, and largest entry of any; 0: not clipped.
  double clip_norm = 0;
  double clip_value = 0;
  /// Pieces in which a batch is computed, one after the other, to save memory.
  std::int64_t accumulate = 1;
  Execution execution = {};
  data::Augment augment = {};
  BestBy best_by = BestBy::loss;
  std::int64_t best_from =
      1;  ///< the first epoch that may be the best (from where ranks are found)

  /// Where the checkpoint and metrics.jsonl go, and where a run is taken up again; "" for nowhere.
  std::filesystem::path folder = {};
  /// Whether the folder is refused while another process trains in it. Cells of studies, which have
  /// leases, do without: a process that was stopped for long is taken over.
  bool lock_folder = true;
  /// How the data were asked for, kept in the checkpoint for people: whoever goes on with other
  /// data reads both texts. Nothing of the training depends on it.
  std::string data_text = {};
  /// A checkpoint is written after so many seconds, after so many steps (0: not counted), and after
  /// every epoch whose number is a multiple of checkpoint_epochs; and at the end in any case.
  double checkpoint_seconds = 60;
  std::int64_t checkpoint_steps = 0;
  std::int64_t checkpoint_epochs = 1;

  /// A line of FOLDER/steps.jsonl after each so many steps, where the optimiser observes anything
  /// (ranks, what a truncation cut off, how orthonormal bases are); 0: none. See StepLog.
  /// A run that diverged leaves those up to its end.
  std::int64_t log_steps = 1;

  /// Called with the network at the end of each epoch; finite numbers by name, kept in its metrics.
  /// Nothing of the training depends on it.
  std::function<std::map<std::string, double>(const nn::Network&)> observe = {};

  base::Progress progress = {};
  std::string stage = "training";
  /// Told, in one sentence, what a person should know of a run that is taken up again.
  std::function<void(const std::string&)> note = {};
};

struct FitResult {
  enum class Ending {
    finished,
    interrupted,  ///< base::interrupted(); the same call goes on from there
    diverged      ///< a loss or weight was not finite; `message` says when
  };
  Ending ending = Ending::finished;
  std::string message;
  /// After the last step; worth nothing where it diverged.
  nn::Network last;
  /// After the epoch that was best on the validation images; `last` where there are none, or where
  /// no epoch's loss was finite.
  nn::Network best;
  std::int64_t best_epoch = 0;  ///< from 1; 0: none
  std::vector<EpochMetrics> history;
  std::int64_t steps = 0;
  /// By the clock, in all calls up to the checkpoints they were taken up from: steps, validation,
  /// checkpoints, loading.
  double seconds = 0;
  /// What computed the steps, in all calls; see provenance_here().
  Provenance provenance;
};

/// Trains a classifier on labelled images. The network given is not changed. `validation` may be
/// empty (a default Dataset). Everything random is named by (seed, purpose, step), so a run that
/// was killed at any moment and started again with the same arguments ends with the same bits, at
/// the same number of threads. An Error if the folder holds a run of another configuration.
FitResult fit(const nn::Network& network, const data::Dataset& training,
              const data::Dataset& validation, const FitOptions& options);

}  // namespace ranklens::train
