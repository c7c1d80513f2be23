#pragma once

#include <string>

#include "ranklens/tn/formats/container.h"
#include "ranklens/tn/formats/cp_approximation.h"
#include "ranklens/tn/train/round.h"

#include "common.h"

namespace ranklens::app {

/// What the commands on decomposed tensors share.

/// "16", "4,8,4" or "4x8x4"; `what` names it in the message.
tn::Shape parse_sizes(const std::string& text, const std::string& what);

/// eps and ranks as flags: at least one of them.
struct ClosenessOptions {
  double eps = -1;  ///< not given
  std::string ranks, bonds;

  bool given() const { return eps != -1 || !ranks.empty() || !bonds.empty(); }
  /// For one list of ranks; error where bonds are given, too.
  tn::Closeness closeness() const;
  /// For a Tucker train: `ranks` of its modes, `bonds` of its train.
  tn::TuckerTrainOptions of_hybrid() const;
};
void add_closeness(CLI::App& command, ClosenessOptions& options);

/// An array as the tensor networks take it: float16 widened to float32, integers and bool to
/// float64, on the device that was asked for.
at::Tensor read_array(const std::string& file, const Common& common);

/// A file that decompose wrote, of any format, on that device.
tn::Stored open_stored(const std::string& file, const Common& common);

/// "tensor train", "TT matrix", "Tucker tensor", "sum of rank-one tensors", "Tucker train".
std::string format_title(const tn::Stored& stored);

/// "4x5x6, ranks 3x2, 120 parameters".
std::string described(const tn::Stored& stored);

/// A sentence for people where least squares in turns stopped for want of sweeps; else empty.
std::string unsettled(const tn::CPApproximation& found);

/// format, shape (or rows and columns), ranks, mode_ranks of a Tucker train, parameters.
Json summary_of(const tn::Stored& stored);

}  // namespace ranklens::app
