#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ranklens/base/progress.h"
#include "ranklens/study/cell.h"
#include "ranklens/study/config.h"
#include "ranklens/study/questions.h"
#include "ranklens/study/selection.h"

namespace ranklens::study {

struct RunOptions {
  /// The run folder. Small results go to cells/, networks and checkpoints to work/ (unless `work`
  /// names another place), so that cells/ and study.json alone are enough to go on.
  std::filesystem::path folder;
  std::filesystem::path work = {};
  bool channels_last = true;
  /// Where networks are trained, run and timed. Not a part of what a cell is: cells of one study
  /// may come from several devices, and say so.
  at::Device device = at::kCPU;
  /// Time that measuring the speed of one arm's network may take; 0: speeds are not measured.
  double speed_seconds = 2;
  /// Bytes that sampling methods may use for their batches.
  std::int64_t memory = std::int64_t{1} << 30;
  base::Progress progress = {};
  /// Called with one line for people when something is done or skipped.
  std::function<void(const std::string&)> note = {};
};

/// What one cell left of the explained images for the pages: maps, float [N, H, W] as the method
/// gave them (of 256 levels when read back) by method; each map's metrics, [N] by method and
/// metric; and the class the network takes each image for, int64 [N], with its probability, float
/// [N] (both undefined in cells of earlier versions).
struct Pictures {
  std::uint64_t seed = 0;  ///< of the network
  std::map<std::string, at::Tensor> maps{};
  std::map<std::string, std::map<std::string, at::Tensor>> values{};
  at::Tensor predicted{}, probability{};
};

/// Images per second of one arm, trained by its own optimiser. Those measured in one run, by turns,
/// can be compared: they carry the same text.
struct Speed {
  double forward = 0;
  double training = 0;
  std::string run{};  ///< "" in folders of earlier versions: of no known run
};

/// One training of those that choose an arm's learning rate.
struct RateTrial {
  std::string arm;
  double factor = 1;
  double loss = 0;      ///< held out, after the last epoch; NaN where the training diverged
  double accuracy = 0;  ///< likewise
};

struct Results {
  Config config;
  std::vector<Cell> cells;  ///< by seed, then by arm
  /// By arm; of the first seed that all arms which have pictures have, else of each arm's own
  /// first.
  std::map<std::string, Pictures> pictures;
  std::map<std::string, Speed> speeds;
  std::vector<Answer> answers;
  std::vector<RateTrial> rates{};  ///< by arm, then by factor; see study/rates.h
  /// Arms with recipes that the folder has finished cells of and that were not asked for.
  std::vector<std::string> beside{};
  Selection selection{};  ///< the images explained; load() leaves it empty
  bool interrupted = false;
};

/// Trains, explains and measures every arm with every seed that the folder does not have yet. Any
/// number of processes may run the same study in the same folder; each cell is made once. An Error
/// if the folder holds another configuration. Stops cleanly between steps when base::interrupted().
Results run(const Config& config, const RunOptions& options);

/// What the folder holds, without computing anything.
Results load(const Config& config, const std::filesystem::path& folder);

/// The data of a study: what networks train on, what they are tested on, what they explain.
struct Material {
  data::Dataset train, test;
  Selection selection;
};
Material open_material(const Config& config);

}  // namespace ranklens::study
