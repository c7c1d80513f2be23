#pragma once

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// The trainings that chose learning rates, where there were any: a table, and a note of arms whose
/// best is the first or the last that was tried.
void add_rates(const study::Results& results, ReportData& data);

}  // namespace ranklens::report
