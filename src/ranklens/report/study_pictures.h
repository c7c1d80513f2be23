#pragma once

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// Adds the explained images, every arm's maps of them, and the grids that show them.
void add_pictures(const study::Results& results, const study::Selection& images, ReportData& data);

}  // namespace ranklens::report
