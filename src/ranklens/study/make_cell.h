#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ranklens/nn/network.h"
#include "ranklens/study/run.h"

namespace ranklens::study {

/// What one cell leaves.
struct MadeCell {
  Cell cell;
  Pictures pictures;
};

/// Trains, explains and measures one arm with one seed; nothing when interrupted on the way
/// (training goes on from its checkpoint next time).
std::optional<MadeCell> make_cell(const Config& config, const RunOptions& options,
                                  const Material& material, const std::string& arm,
                                  std::uint64_t seed);

/// "smoothgrad(samples=20)" -> "smoothgrad": the key of its scores.
std::string method_name(std::string_view spec);

/// The key of two methods' agreement: "gradcam~smoothgrad".
std::string pair_key(std::string_view first, std::string_view second);

/// Ends the key of what was found on the network before its training.
inline constexpr std::string_view kUntrained = " untrained";

/// Adds the scores, agreements and pictures of a trained network's maps.
void explain_cell(const Config& config, const RunOptions& options, const Selection& selection,
                  const nn::Network& trained, const nn::Network& untrained, MadeCell& made);

}  // namespace ranklens::study
