#pragma once

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// What others printed of the networks that take part, in settings of theirs, beside the mean of
/// our dense network; nothing where a preset knows of none.
void add_published(const study::Results& results, ReportData& data);

}  // namespace ranklens::report
