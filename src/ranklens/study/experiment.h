#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <c10/core/Device.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/progress.h"
#include "ranklens/train/provenance.h"

namespace ranklens::study {

/// A published experiment as a list of cells, each of which is computed apart and leaves one small
/// JSON object.
struct Experiment {
  std::string name;              ///< "pendulum"
  nlohmann::json settings = {};  ///< everything that results depend on
  std::vector<std::string> cells = {};
  /// Further cells, which are not made here and of which those that are there are read.
  std::vector<std::string> others = {};
  /// An Error for what would go wrong in the cells; called before the folder is made.
  std::function<void()> check = {};

  /// What earlier processes put into a cell that is taken up again.
  struct Earlier {
    double seconds = 0;
    train::Provenance provenance = {};
  };
  struct Work {
    std::string cell;
    std::filesystem::path folder;  ///< for checkpoints; "" for nowhere
    base::Progress progress;
    /// Told, in one sentence, what a person should know of a cell that is taken up again.
    std::function<void(const std::string& line)> note = {};
    Earlier* earlier = nullptr;  ///< where that is to be added; null: nowhere
  };
  /// The result of a cell; null where it was interrupted.
  std::function<nlohmann::json(const Work&)> make = {};
  at::Device device = at::kCPU;  ///< that cells are computed on, for their provenance
};

struct ExperimentOptions {
  /// Holds experiment.json and cells/NAME.json, which alone are enough to go on.
  std::filesystem::path folder = {};
  std::filesystem::path work = {};  ///< where cells keep checkpoints: FOLDER/work unless named
  base::Progress progress = {};
  std::function<void(const std::string& line)> note = {};
};

struct ExperimentResults {
  std::map<std::string, nlohmann::json> cells;  ///< by name, those that are there
  std::map<std::string, double> seconds;        ///< that each took, of all processes
  bool complete = false;                        ///< but for `others`
  std::vector<std::string> left_out = {};       ///< why some of `others` were not read
};

/// Makes the cells that the folder does not hold yet; any number of processes may work on one
/// folder. Settings may gain arms (entries of "arms", "sweeps" and "ranks") after the first cells.
/// An Error if the folder holds the experiment with other settings, or anything else.
ExperimentResults run(const Experiment& experiment, const ExperimentOptions& options);

/// How many of the experiment's own cells the results have.
std::int64_t made_of(const Experiment& experiment, const ExperimentResults& results);

/// What the folder holds, without computing anything.
ExperimentResults load(const Experiment& experiment, const std::filesystem::path& folder);

}  // namespace ranklens::study
