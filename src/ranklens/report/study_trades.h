#pragma once

#include "ranklens/report/page.h"
#include "ranklens/study/run.h"

namespace ranklens::report {

/// Of each network that arms of a study store in several ways: accuracy over the share of its
/// weights that is saved, over FLOPs and over measured speed, a line a network through its arms.
/// Nothing of networks of fewer than three shares, through which there is no line.
void add_trades(const study::Results& results, ReportData& data);

}  // namespace ranklens::report
