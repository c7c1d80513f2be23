#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/timings/timings.h"

namespace ranklens::report {

/// The page of the timings at fixed ranks.
ReportData timings_page(const study::timings::Options& options,
                        const study::ExperimentResults& results, const std::string& command);

}  // namespace ranklens::report
