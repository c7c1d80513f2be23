#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/report/page.h"
#include "ranklens/train/metrics.h"

namespace ranklens::report {

/// The learning curve of one run.
Curve curve_of(const std::string& arm, std::uint64_t seed,
               const std::vector<train::EpochMetrics>& history,
               train::Clock clock = train::Clock::wall);
/// What an axis of its seconds is called.
std::string seconds_title(train::Clock clock);

}  // namespace ranklens::report
