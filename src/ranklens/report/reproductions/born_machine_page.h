#pragma once

#include <string>

#include "ranklens/report/page.h"
#include "ranklens/study/born_machine/experiment.h"

namespace ranklens::report {

/// The page of the Born machines: likelihoods over sweeps and seconds, samples, completed images.
ReportData born_machine_page(const study::born_machine::Options& options,
                             const study::ExperimentResults& results, const std::string& command);

}  // namespace ranklens::report
