#pragma once

#include <optional>
#include <string>

#include "ranklens/nn/network.h"
#include "ranklens/study/run.h"
#include "ranklens/train/fit.h"

namespace ranklens::study {

/// What one cell leaves.
struct MadeCell {
  Cell cell;
  Pictures pictures;
};

/// Where a cell's checkpoints and its trained network lie.
std::filesystem::path work_folder(const RunOptions& options, const std::string& arm,
                                  std::uint64_t seed);

/// How an arm of the study is trained, at the learning rates that its optimiser names.
train::FitOptions fit_options(const Config& config, const RunOptions& options,
                              const std::string& arm, std::uint64_t seed);

/// Trains, explains and measures one arm with one seed; nothing when interrupted on the way
/// (training goes on from its checkpoint next time).
std::optional<MadeCell> make_cell(const Config& config, const RunOptions& options,
                                  const Material& material, const std::string& arm,
                                  std::uint64_t seed);

/// Adds the scores, agreements and pictures of a trained network's maps; why there are none
/// (`failure`) where its maps or answers are not finite.
void explain_cell(const Config& config, const RunOptions& options, const Selection& selection,
                  const nn::Network& trained, const nn::Network& untrained, MadeCell& made);

}  // namespace ranklens::study
