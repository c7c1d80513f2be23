#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/alignment/experiment.h"

namespace ranklens::report {

/// The page of the experiment on aligned layers.
ReportData alignment_page(const study::alignment::Options& options,
                          const study::ExperimentResults& results, const std::string& command);

}  // namespace ranklens::report
