#pragma once

#include <optional>
#include <vector>

#include "ranklens/study/cell.h"
#include "ranklens/train/metrics.h"

namespace ranklens::study {

/// The processor's time, which other work on a machine does not lengthen, where every cell has it:
/// cells are trained beside each other, and on days of which some are busier.
train::Clock clock_of(const std::vector<Cell>& cells);

/// Seconds of all steps.
double training_seconds(const std::vector<train::EpochMetrics>& history, train::Clock clock);

/// The mean over the first `seconds` of training of the loss, which is that of an epoch all through
/// it. Nothing where nothing was timed, or less than that.
std::optional<double> mean_loss_until(const std::vector<train::EpochMetrics>& history,
                                      double seconds, train::Clock clock);

}  // namespace ranklens::study
