#pragma once

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// Adds the methods, controls and pairs of methods that a study scored, their metrics, and the
/// means over seeds. A control's scores that depend on no network stand once, without an arm.
void add_scores(const study::Results& results, ReportData& data);

/// A summary with its interval; without one for fewer than two seeds.
Estimate estimate(const std::vector<study::SeedValue>& values);

}  // namespace ranklens::report
