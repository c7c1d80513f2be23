#pragma once

#include <optional>
#include <vector>

#include "ranklens/train/metrics.h"

namespace ranklens::study {

/// Seconds of all steps.
double training_seconds(const std::vector<train::EpochMetrics>& history);

/// The mean over the first `seconds` of training of the loss, which is that of an epoch all through
/// it. Nothing where nothing was timed, or less than that.
std::optional<double> mean_loss_until(const std::vector<train::EpochMetrics>& history,
                                      double seconds);

}  // namespace ranklens::study
