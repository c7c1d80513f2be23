#pragma once

#include <set>
#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// Adds the methods, controls and pairs of methods that a study scored, their metrics, and the
/// means over seeds. A control's scores that depend on no network stand once, without an arm.
/// Returns the labels of the metrics of which an interval was cut where the metric ends.
std::set<std::string> add_scores(const study::Results& results, ReportData& data);

/// Whether the interval that is shown is a part of the whole one.
bool is_cut(const Estimate& whole, const Estimate& shown);

}  // namespace ranklens::report
